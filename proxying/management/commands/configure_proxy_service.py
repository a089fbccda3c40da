"""``manage.py configure_proxy_service``: a Proxy Service that calls us, with a filled pool."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from proxying import capacity, provisioning
from proxying.provisioning.spending import SpentForToday
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

# Proxy refuses Services of accounts that did not use it before.
# https://www.twilio.com/docs/api/errors/80506
_CLOSED_TO_NEW_ACCOUNTS = 80506


class Command(BaseCommand):
    help = (
        "Creates the Proxy Service, or updates it: writes our three callback addresses into it "
        "and fills its pool of unreserved numbers (which buys numbers). Can be repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unique-name", default="shoppingplace-1", help="of the Service")
        parser.add_argument(
            "--country", default=settings.SELLER_COUNTRIES[0], help="of its numbers, ISO 3166-1"
        )

    def handle(self, *args: Any, unique_name: str, country: str, **options: Any) -> None:
        try:
            service = capacity.configure_service(unique_name, country.upper())
            added = provisioning.fill_pool(service)
        except (TwilioUnavailable, SpentForToday) as error:
            raise CommandError(f"{error}. Run this again later.") from None
        except TwilioRefused as refusal:
            hint = (
                " Twilio opens Proxy to new accounts on request only; the switchboard needs none."
                if refusal.code == _CLOSED_TO_NEW_ACCOUNTS
                else ""
            )
            raise CommandError(f"{refusal}.{hint}") from None
        for stuck in service.pool_numbers.filter(added_at=None, next_attempt_at=None):
            self.stderr.write(f"One number of the pool waits for staff: {stuck.last_error}")
        pool = service.pool_numbers.exclude(added_at=None).count()
        self.stdout.write(
            f"{service.unique_name} ({service.service_sid}): calls {settings.PUBLIC_BASE_URL}, "
            f"{pool} numbers in its pool, {added} of them new."
        )
