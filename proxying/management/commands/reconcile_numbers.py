"""``manage.py reconcile_numbers``: our rows against what Twilio has, and differences mended."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from proxying.reconciliation import Outcome, reconcile
from proxying.twilio_client import TwilioRefused, TwilioUnavailable


class Command(BaseCommand):
    help = (
        "Compares the numbers, Services and Sessions at Twilio with our rows and mends "
        "differences, as a task does every 15 minutes. Touches no number that does not bear our "
        "marker."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what differs; change nothing"
        )
        parser.add_argument(
            "--however-many",
            action="store_true",
            help="believe that numbers are gone from Twilio even if it is most of them: their "
            "sellers get others. Make sure first that TWILIO_ACCOUNT_SID is the right account",
        )

    def handle(self, *args: Any, dry_run: bool, however_many: bool, **options: Any) -> None:
        try:
            report = reconcile(dry_run=dry_run, however_many=however_many)
        except TwilioUnavailable as error:
            raise CommandError(f"{error}. Run this again later.") from None
        except TwilioRefused as refusal:
            raise CommandError(str(refusal)) from None
        for finding, outcome in report.results:
            whose = "" if finding.repair else " (for staff to look at)"
            self.stdout.write(f"{outcome}: {finding.subject}: {finding.kind}{whose}")
        counts = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in Outcome)
        self.stdout.write(f"{counts}; {report.foreign} numbers do not bear our marker.")
