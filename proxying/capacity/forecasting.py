"""When the pool will be too small, if the days to come grow as the last ones did."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import linear_regression
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_FEWEST_DAYS: Final = 3
# A straight line through one week says nothing about what comes after this.
_FARTHEST: Final = 365


@dataclass(frozen=True)
class Forecast:
    """*days* until the busiest seller has more buyers than the pool has numbers.

    0 means now, None that it is not to be foreseen: not growing, or *measured* too few days.
    """

    days: int | None
    measured: int

    def __str__(self) -> str:
        if self.days == 0:
            return _("Too small now.")
        if self.days is not None:
            return ngettext(
                "At this rate too small in about %(days)d day.",
                "At this rate too small in about %(days)d days.",
                self.days,
            ) % {"days": self.days}
        if self.measured < _FEWEST_DAYS:
            return _("Too early to tell: measured on %(measured)d of at least %(needed)d days.") % {
                "measured": self.measured,
                "needed": _FEWEST_DAYS,
            }
        return _("Large enough for the year to come, at the last days' rate.")


def foresee(peaks: Sequence[tuple[date, int]], pool: int) -> Forecast:
    """From the last days' peaks, oldest first, against *pool* numbers; a straight line."""
    if peaks and peaks[-1][1] > pool:
        return Forecast(0, len(peaks))
    if len(peaks) < _FEWEST_DAYS:
        return Forecast(None, len(peaks))
    last_day = peaks[-1][0]
    line = linear_regression(
        [(day - last_day).days for day, _peak in peaks], [peak for _day, peak in peaks]
    )
    if line.slope <= 0:
        return Forecast(None, len(peaks))
    days = math.ceil((pool + 1 - line.intercept) / line.slope)
    return Forecast(max(1, days) if days <= _FARTHEST else None, len(peaks))
