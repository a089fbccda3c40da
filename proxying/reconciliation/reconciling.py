"""One run: list, compare, mend."""

import time
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from proxying.reconciliation.comparing import count_foreign, differences
from proxying.reconciliation.inventory import look_at_twilio, read_rows
from proxying.reconciliation.report import Finding, Outcome, Report
from proxying.reconciliation.sessions import unknown_sessions
from proxying.reconciliation.strays import give_back_strays
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)


def reconcile(
    *, dry_run: bool = False, however_many: bool = False, seconds: float | None = None
) -> Report:
    """Mends what can be mended; with *dry_run* changes nothing, here or at Twilio.

    *however_many* numbers have vanished, it believes it. No repair is begun later than
    *seconds* from now: the next run goes on. ``TwilioUnavailable`` or ``TwilioRefused``, and
    nothing done, unless all numbers and Services could be listed. Sessions are compared last,
    for as long as there is time, and from where the last run stopped.
    """
    until = None if seconds is None else time.monotonic() + seconds
    twilio, rows = look_at_twilio(), read_rows()
    report = Report(foreign=count_foreign(twilio, rows))
    mend = partial(_mend, report, dry_run=dry_run, until=until)
    mend(list(differences(twilio, rows, however_many=however_many)))
    if not dry_run:
        _unless_away("strays_wait", give_back_strays)
    _unless_away("sessions_not_compared", lambda: mend(unknown_sessions(twilio, until=until)))
    counts = {outcome.name.lower(): report.count(outcome) for outcome in Outcome}
    logger.info("reconciled", foreign=report.foreign, **counts)
    return report


def _mend(
    report: Report, findings: Iterable[Finding], *, dry_run: bool, until: float | None
) -> None:
    """Into *report*, with what became of each. Once Twilio is away nothing more is begun."""
    away = False
    for finding in findings:
        late = until is not None and time.monotonic() > until
        if dry_run or late or away or finding.repair is None:
            _note(report, finding, Outcome.FOUND)
            continue
        try:
            _note(report, finding, Outcome.REPAIRED if finding.repair() else Outcome.LEFT_ALONE)
        except (TwilioRefused, TwilioUnavailable) as reason:
            _note(report, finding, Outcome.FAILED, reason=str(reason))
            away = isinstance(reason, TwilioUnavailable)


def _note(report: Report, finding: Finding, outcome: Outcome, **why: str) -> None:
    report.results.append((finding, outcome))
    if outcome == Outcome.FAILED or finding.repair is None:
        logger.error(
            "not_reconciled", kind=finding.kind.name.lower(), subject=finding.subject, **why
        )


def _unless_away(event: str, work: Callable[[], object]) -> None:
    """What the next run can do as well."""
    try:
        work()
    except (TwilioUnavailable, TwilioRefused) as reason:
        logger.warning(event, reason=str(reason))
