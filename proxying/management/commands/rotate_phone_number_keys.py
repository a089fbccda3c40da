"""Puts everything that is sealed under the newest key, and says which keys nobody needs now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from proxying import resealing
from proxying.encryption import key_ids


class Command(BaseCommand):
    help = (
        "Seals every private number anew under the first of PHONE_NUMBER_KEYS. Run it when all"
        " processes have the new key. It may be stopped and started again at any time, while"
        " the site is working."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows at a time (500)")

    def handle(self, *args: Any, batch: int, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch must be at least 1")
        unopened = sum(self._reseal(field, batch) for field in resealing.encrypted_fields())
        used = resealing.use_of_keys()
        newest, *older = key_ids()
        for key_id in older:
            if used[key_id]:
                self.stdout.write(f"Key {key_id} is still needed: {used[key_id]} values.")
            else:
                self.stdout.write(
                    f"Key {key_id} is unused: take it out of PHONE_NUMBER_KEYS and destroy it."
                )
        self.stdout.write(f"Key {newest} seals {used[newest]} values.")
        if unopened:
            raise CommandError(
                f"{unopened} values do not open and were left: their key is not in"
                " PHONE_NUMBER_KEYS, or the secret of their seller is gone."
            )

    def _reseal(self, field: Any, batch: int) -> int:
        """How many values did not open."""
        unopened = 0
        for progress in resealing.reseal(field, batch=batch):
            unopened = progress.unopened
            self.stdout.write(f"{field}: {progress.done} of {progress.total} sealed anew.")
        return unopened
