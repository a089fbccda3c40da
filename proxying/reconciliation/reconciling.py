"""One run: list, compare, mend."""

import time

import structlog

from proxying.reconciliation.comparing import count_foreign, differences
from proxying.reconciliation.inventory import look_at_twilio, read_rows
from proxying.reconciliation.report import Finding, Outcome, Report
from proxying.reconciliation.strays import give_back_strays
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)


def reconcile(
    *, dry_run: bool = False, however_many: bool = False, seconds: float | None = None
) -> Report:
    """Mends what can be mended; with *dry_run* changes nothing, here or at Twilio.

    *however_many* numbers have vanished, it believes it. No repair is begun later than
    *seconds* from now: the next run goes on. ``TwilioUnavailable`` or ``TwilioRefused``, and
    nothing done, unless everything could be listed.
    """
    until = None if seconds is None else time.monotonic() + seconds
    twilio, rows = look_at_twilio(), read_rows()
    report = Report(foreign=count_foreign(twilio, rows))
    found = iter(list(differences(twilio, rows, however_many=however_many)))
    for finding in found:
        late = until is not None and time.monotonic() > until
        if dry_run or late or finding.repair is None:
            _note(report, finding, Outcome.FOUND)
            continue
        try:
            _note(report, finding, Outcome.REPAIRED if finding.repair() else Outcome.LEFT_ALONE)
        except TwilioRefused as refusal:
            _note(report, finding, Outcome.FAILED, reason=str(refusal))
        except TwilioUnavailable as reason:
            _note(report, finding, Outcome.FAILED, reason=str(reason))
            for rest in found:
                _note(report, rest, Outcome.FOUND)
            break
    if not dry_run:
        _give_back_strays()
    counts = {outcome.name.lower(): report.count(outcome) for outcome in Outcome}
    logger.info("reconciled", foreign=report.foreign, **counts)
    return report


def _note(report: Report, finding: Finding, outcome: Outcome, **why: str) -> None:
    report.results.append((finding, outcome))
    if outcome == Outcome.FAILED or finding.repair is None:
        logger.error(
            "not_reconciled", kind=finding.kind.name.lower(), subject=finding.subject, **why
        )


def _give_back_strays() -> None:
    try:
        give_back_strays()
    except TwilioUnavailable as reason:
        logger.warning("strays_wait", reason=str(reason))
