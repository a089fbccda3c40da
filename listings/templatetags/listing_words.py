"""How listings speak about time."""

from datetime import datetime, timedelta

from django import template
from django.template.defaultfilters import date
from django.utils import timezone

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
        return f"{max(int(passed.total_seconds() // 60), 1)} min ago"
    if days == 0 or passed < HALF_A_DAY:
        return f"{int(passed / AN_HOUR)} h ago"
    if days == 1:
        return "yesterday"
    if days < A_FORTNIGHT:
        return f"{days} days ago"
    return date(timezone.localtime(moment), "M j" if days < MOST_OF_A_YEAR else "M j, Y")
