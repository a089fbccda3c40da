"""Phones and a Verify Service for a virtual carrier that starts empty."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand

from proxying.switchboard import numbering
from proxying.switchboard.models import Phone, VerifyService


class Command(BaseCommand):
    help = "Creates phones and a Verify Service on the virtual carrier, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--verify-service", metavar="VA...", help="its SID")
        parser.add_argument(
            "--phone",
            type=_phone,
            action="append",
            default=[],
            metavar="+14151115555:NAME",
            help="a phone and whose it is; may be given more than once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if sid := options["verify_service"]:
            VerifyService.objects.get_or_create(
                sid=sid, defaults={"friendly_name": "ShoppingPlace"}
            )
        for number, name in options["phone"]:
            Phone.objects.update_or_create(number=number, defaults={"name": name})


def _phone(text: str) -> tuple[str, str]:
    number, _, name = text.partition(":")
    if not numbering.is_e164(number) or not name.strip():
        raise ArgumentTypeError("write a phone as +14151115555:NAME")
    return number, name.strip()
