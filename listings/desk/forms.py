"""When the seller takes calls."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from proxying.models import Seller

_LONGEST_AWAY: Final = timedelta(days=365)


def _zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """By part of the world, as ``Los Angeles``; without zones that are no place."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(available_timezones()):
        region, _slash, place = name.partition("/")
        if place and region not in {"Etc", "SystemV", "posix", "right"}:
            groups[region].append((name, place.replace("_", " ")))
    return [*sorted(groups.items()), ("UTC", [("UTC", "UTC")])]


class QuietHoursForm(forms.Form):
    """Both ends, or neither for no quiet hours."""

    quiet_from = forms.TimeField(
        label=_("No calls from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label=_("until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    time_zone = forms.ChoiceField(label=_("Your time zone"), choices=_zones)

    @classmethod
    def of(cls, seller: Seller) -> "QuietHoursForm":
        return cls(
            initial={
                "quiet_from": seller.quiet_from,
                "quiet_until": seller.quiet_until,
                "time_zone": seller.time_zone,
            }
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if self.errors:
            return cleaned
        if (start is None) != (end is None):
            missing = "quiet_until" if end is None else "quiet_from"
            self.add_error(missing, gettext("Give both times, or leave both empty."))
        elif start is not None and start == end:
            self.add_error(
                "quiet_until",
                gettext("The two times are the same. To take no calls at all, say you are away."),
            )
        return cleaned


class AwayForm(forms.Form):
    """The day of the return, on the seller's own calendar."""

    back_on = forms.DateField(
        label=_("I am back on"),
        help_text=_("From the beginning of that day calls and texts come through again."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(zone)
        self._today: date = timezone.now().astimezone(self._zone).date()
        self.fields["back_on"].widget.attrs["min"] = (self._today + timedelta(days=1)).isoformat()

    def clean_back_on(self) -> datetime:
        """The first moment of the day."""
        day: date = self.cleaned_data["back_on"]
        if day <= self._today:
            raise ValidationError(_("Choose a day after today."))
        if day > self._today + _LONGEST_AWAY:
            raise ValidationError(_("Choose a day within a year from now."))
        return datetime.combine(day, time(), self._zone)
