"""How listings speak about time."""

from datetime import datetime, timedelta

from django import template
from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()

AN_HOUR = timedelta(hours=1)
HALF_A_DAY = timedelta(hours=12)
A_FORTNIGHT = 14
MOST_OF_A_YEAR = 300


@register.filter
def age(moment: datetime) -> str:
    """``5 min ago``, ``3 h ago``, ``yesterday``, ``4 days ago``, then the date."""
    passed = timezone.now() - moment
    days = (timezone.localdate() - timezone.localdate(moment)).days
    if passed < AN_HOUR:
        minutes = max(int(passed.total_seconds() // 60), 1)
        return ngettext("%(n)s min ago", "%(n)s min ago", minutes) % {"n": minutes}
    if days == 0 or passed < HALF_A_DAY:
        hours = int(passed / AN_HOUR)
        return ngettext("%(n)s h ago", "%(n)s h ago", hours) % {"n": hours}
    if days == 1:
        return _("yesterday")
    if days < A_FORTNIGHT:
        return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}
    return date(timezone.localtime(moment), "M j" if days < MOST_OF_A_YEAR else "M j, Y")
