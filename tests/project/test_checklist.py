"""The set-up page: what is done, what is not, and no secret's value."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as values
from django.test import Client

from listings.models import Category
from proxying import tasks
from proxying.models import MissedText, StrayNumber
from shoppingplace.checklist import checklist
from tests.proxying.factories import PoolNumberFactory, ReservedNumberFactory, UserFactory

pytestmark = pytest.mark.django_db

FILES = {"default": {"BACKEND": "django.core.mail.backends.filebased.EmailBackend"}}


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True))
    return client


def undone() -> set[str]:
    return {step.title for group in checklist()[0] for step in group.steps if not step.done}


def make_ready(settings: Any) -> None:
    """A site as it should be in production."""
    settings.PUBLIC_BASE_URL = "https://shop.example"
    settings.TWILIO_BASE_URL = "https://{product}.twilio.com"
    settings.TWILIO_PRODUCT_BASE_URLS = {}
    settings.TWILIO_API_KEY_SID = settings.TWILIO_API_KEY_SECRET = "SK1"
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    settings.SWITCHBOARD_VIRTUAL_CARRIER = False
    settings.DEBUG = False
    settings.PROXY_POOL_FLOOR = 1
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}}
    PoolNumberFactory()
    Category.objects.get_or_create(name="Furniture", slug="furniture")
    tasks.sweep.delay()


def test_site_that_is_ready_has_nothing_left_to_do(settings: Any) -> None:
    make_ready(settings)

    assert undone() <= {"PostgreSQL"}


@pytest.mark.parametrize(
    ("name", "value", "title"),
    [
        ("PUBLIC_BASE_URL", "http://shop.example", "An address with https"),
        ("REDIS_URL", "", "Redis"),
        ("TWILIO_ACCOUNT_SID", "", "The account"),
        ("TWILIO_AUTH_TOKENS", [], "The auth token, which proves callbacks"),
        ("TWILIO_API_KEY_SID", "", "An API key to sign in with"),
        ("TWILIO_VERIFY_SERVICE_SID", "", "The Verify Service, which sends codes"),
        ("PHONE_NUMBER_INDEX_KEY", "", "Keys that seal phone numbers"),
        ("SWITCHBOARD_VIRTUAL_CARRIER", True, "No phones in the browser"),
        ("NUMBERS_BOUGHT_A_DAY", 0, "Nothing that waits for staff"),
        ("PROXY_POOL_FLOOR", 9, "A pool of numbers that sellers see"),
        ("MAILERS", FILES, "Mail"),
    ],
)
def test_setting_that_is_wrong_is_not_done(
    settings: Any, name: str, value: Any, title: str
) -> None:
    make_ready(settings)
    ready = undone()
    setattr(settings, name, value)

    (changed,) = undone() - ready
    assert changed.startswith(title)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (lambda: ReservedNumberFactory(pending=True, next_attempt_at=None), "1 seller's number"),
        (lambda: PoolNumberFactory(added_at=None, next_attempt_at=None), "1 number of a pool"),
        (lambda: StrayNumber.objects.create(proxy_identifier="+14155550100"), "is nobody's"),
        (
            lambda: MissedText.objects.create(message_sid="SM1", next_attempt_at=None),
            "1 missed text or outage",
        ),
    ],
)
def test_what_waits_for_staff_is_told(settings: Any, wait: Callable[[], Any], words: str) -> None:
    make_ready(settings)
    wait()

    assert "Nothing that waits for staff" in undone()
    problems = [line for group in checklist()[0] for step in group.steps for line in step.problems]
    assert any(words in line for line in problems)


def test_worker_is_seen_once_a_sweep_has_run(settings: Any) -> None:
    assert "A worker, and beat that wakes it" in undone()

    tasks.sweep.delay()

    assert "A worker, and beat that wakes it" not in undone()


def test_page_shows_the_line_to_paste_and_no_secret(admin: Client, settings: Any) -> None:
    settings.REDIS_URL = ""

    page = admin.get("/admin/setup/").text

    assert "REDIS_URL=redis://127.0.0.1:6379/0" in page
    secrets = [
        values.SECRET_KEY,
        values.PHONE_NUMBER_INDEX_KEY,
        *values.TWILIO_AUTH_TOKENS,
        *(key.partition(":")[2] for key in values.PHONE_NUMBER_KEYS),
    ]
    assert all(len(secret) > 8 and secret not in page for secret in secrets)


def test_checks_that_no_step_stands_for_are_shown_too(admin: Client, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 0

    assert "security.W004" in admin.get("/admin/setup/").text


def test_admins_first_page_links_to_it(admin: Client) -> None:
    assert re.search(r'href="/admin/setup/"', admin.get("/admin/").text)


def test_who_is_not_staff_is_sent_to_the_log_in(client: Client) -> None:
    client.force_login(UserFactory())

    assert client.get("/admin/setup/").status_code == 302
