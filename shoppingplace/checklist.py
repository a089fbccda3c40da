"""What a site needs before people can be let in, and how far this one has come.

The rules are Django's system checks; only what none of them asks is asked here. A secret's
value is shown nowhere, only whether it is there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.core.checks import CheckMessage, run_checks
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listings.models import Category
from proxying import capacity
from proxying.models import (
    MissedText,
    Outage,
    PoolNumber,
    ProxyService,
    ReservedNumber,
    StrayNumber,
)
from proxying.provisioning import spending
from shoppingplace.heartbeat import SWEPT_AT, TOO_LONG


@dataclass(frozen=True)
class Step:
    """One thing to set up: whether it is done, what is wrong if not, and what to paste where."""

    title: str
    problems: list[str]
    paste: str = ""

    @property
    def done(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Group:
    title: str
    steps: list[Step]


def page(request: HttpRequest) -> HttpResponse:
    """For staff; the address is wrapped in ``admin_view``."""
    groups, other = checklist()
    steps = [step for group in groups for step in group.steps]
    context = {
        **admin.site.each_context(request),
        "title": _("Set-up"),
        "groups": groups,
        "other": other,
        "done": sum(step.done for step in steps),
        "total": len(steps),
    }
    return TemplateResponse(request, "admin/setup.html", context)


def checklist() -> tuple[list[Group], list[CheckMessage]]:
    """The groups of steps, and the messages of checks that no step stands for."""
    found = _Findings(run_checks(include_deployment_checks=True))
    groups = [
        Group(_("This site"), list(_site(found))),
        Group(_("Twilio"), list(_twilio(found))),
        Group(_("Numbers"), list(_numbers(found))),
        Group(_("What runs"), list(_running())),
    ]
    return groups, found.unclaimed()


class _Findings:
    """Messages of the system checks, handed out by their ids."""

    def __init__(self, messages: Iterable[CheckMessage]) -> None:
        self._messages = [message for message in messages if not message.is_silenced()]
        self._claimed: set[str] = set()

    def __call__(self, *ids: str) -> list[str]:
        self._claimed.update(ids)
        return [message.msg for message in self._messages if message.id in ids]

    def unclaimed(self) -> list[CheckMessage]:
        return [message for message in self._messages if message.id not in self._claimed]


def _site(found: _Findings) -> Iterator[Step]:
    yield Step(
        _("An address with https"),
        found("proxying.E009"),
        "PUBLIC_BASE_URL=https://shop.example",
    )
    yield Step(
        _("PostgreSQL"),
        []
        if connection.vendor == "postgresql"
        else [_("The data is in SQLite, which is for a first look only.")],
        "DATABASE_URL=postgres://shop:password@127.0.0.1:5432/shoppingplace",
    )
    yield Step(_("Redis"), found("proxying.E011"), "REDIS_URL=redis://127.0.0.1:6379/0")
    yield Step(
        _("Keys that seal phone numbers, and the key that finds them again"),
        found("proxying.E001"),
        "python -m shoppingplace.fresh_secrets",
    )
    yield Step(
        _("Mail"),
        found("mail.E001"),
        "EMAIL_HOST=smtp.example\nEMAIL_HOST_USER=\nEMAIL_HOST_PASSWORD=",
    )
    yield Step(_("Error pages without source code"), found("security.W018"), "DEBUG=False")


def _twilio(found: _Findings) -> Iterator[Step]:
    yield Step(_("The account"), found("proxying.E002"), "TWILIO_ACCOUNT_SID=AC…")
    yield Step(
        _("The auth token, which proves callbacks"),
        found("proxying.E003", "proxying.E012"),
        "TWILIO_AUTH_TOKEN=…",
    )
    yield Step(
        _("An API key to sign in with"),
        found("proxying.E004")
        or (
            []
            if settings.TWILIO_API_KEY_SID
            else [_("We sign in with the auth token, which works but opens everything.")]
        ),
        "TWILIO_API_KEY_SID=SK…\nTWILIO_API_KEY_SECRET=…",
    )
    yield Step(
        _("The Verify Service, which sends codes"),
        found("proxying.E005"),
        "TWILIO_VERIFY_SERVICE_SID=VA…",
    )
    yield Step(
        _("Twilio's addresses with https"),
        found("proxying.E010"),
        "TWILIO_BASE_URL=https://{product}.twilio.com",
    )
    yield Step(
        _("No phones in the browser"),
        found("switchboard.E001"),
        "SWITCHBOARD_VIRTUAL_CARRIER=False",
    )


def _numbers(found: _Findings) -> Iterator[Step]:
    service = ProxyService.objects.order_by("pk").first()
    yield Step(
        _("The Proxy Service and its callbacks"),
        [] if service else [_("No Proxy Service is configured: no number can be reserved.")],
        "python manage.py configure_proxy_service",
    )
    yield Step(
        _("Settings of Sessions and the pool"),
        found("proxying.E006", "proxying.E007", "proxying.E008"),
        "PROXY_SESSION_MODE=voice-and-message\nPROXY_SESSION_TTL=3360\nPROXY_POOL_FLOOR=5",
    )
    filled = PoolNumber.objects.filter(added_at__isnull=False).count()
    yield Step(
        _("A pool of numbers that sellers see"),
        []
        if filled >= settings.PROXY_POOL_FLOOR
        else [
            _("%(filled)d of %(floor)d numbers are there; the worker buys the rest.")
            % {"filled": filled, "floor": settings.PROXY_POOL_FLOOR}
        ],
        "python manage.py configure_proxy_service",
    )
    yield Step(
        _("Enough numbers for the busiest seller"),
        [
            _("%(service)s: %(busiest)d buyers at a time, and %(pool)d numbers in the pool.")
            % {
                "service": reading.service,
                "busiest": reading.busiest,
                "pool": reading.pool,
            }
            for reading in capacity.measure()
            if reading.is_low
        ],
        reverse("capacity"),
    )
    yield Step(
        _("Nothing that waits for staff"),
        _waiting(),
        reverse("admin:proxying_reservednumber_changelist") + "?stuck=staff",
    )


def _waiting() -> list[str]:
    problems = []
    sellers = ReservedNumber.objects.filter(ReservedNumber.STILL_TO_DO, next_attempt_at=None)
    if stuck := sellers.count():
        said = ngettext(
            "%(n)d seller's number is stuck or parked: its list says why.",
            "%(n)d sellers' numbers are stuck or parked: their list says why.",
            stuck,
        )
        problems.append(said % {"n": stuck})
    if stuck := PoolNumber.unfinished().filter(next_attempt_at=None).count():
        said = ngettext(
            "%(n)d number of a pool is stuck or parked.",
            "%(n)d numbers of pools are stuck or parked.",
            stuck,
        )
        problems.append(said % {"n": stuck})
    if strays := StrayNumber.objects.count():
        said = ngettext(
            "%(n)d number bears our marker and is nobody's: it goes back to Twilio.",
            "%(n)d numbers bear our marker and are nobody's: they go back to Twilio.",
            strays,
        )
        problems.append(said % {"n": strays})
    missed = [model.unfinished().filter(next_attempt_at=None) for model in (MissedText, Outage)]
    if stuck := sum(rows.count() for rows in missed):
        said = ngettext(
            "%(n)d missed text or outage is parked: nobody passes its texts on.",
            "%(n)d missed texts and outages are parked: nobody passes their texts on.",
            stuck,
        )
        problems.append(said % {"n": stuck})
    if spending.bought_today() >= settings.NUMBERS_BOUGHT_A_DAY:
        said = _("Today's %(limit)d purchases (NUMBERS_BOUGHT_A_DAY) are used up.")
        problems.append(said % {"limit": settings.NUMBERS_BOUGHT_A_DAY})
    return problems


def _running() -> Iterator[Step]:
    swept_at = cache.get(SWEPT_AT)
    late = swept_at is None or datetime.now(UTC) - swept_at > TOO_LONG
    yield Step(
        _("A worker, and beat that wakes it"),
        [_("No periodic task has finished in the last minutes.")] if late else [],
        "celery -A shoppingplace worker -B",
    )
    yield Step(
        _("Categories"),
        [] if Category.objects.exists() else [_("There is none: nobody can post an item.")],
        reverse("admin:listings_category_add"),
    )
