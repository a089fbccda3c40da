"""Our rows against what Twilio has, and differences mended: numbers, Services, their
settings, and Sessions.

Twilio is listed first and our rows are read after it: a row is always there before the
number is bought, so a number without one was given up. Each repair looks again before it
changes anything and can be repeated; a row that an attempt is working on is left alone.
"""

from proxying.reconciliation.reconciling import reconcile
from proxying.reconciliation.report import Kind, Outcome, Report

__all__ = ["Kind", "Outcome", "Report", "reconcile"]
