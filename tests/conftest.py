"""What every test gets: requests answered in process, quick settings, a clean cache; and,
for those that ask, a live server and a real Chromium."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import requests
import urllib3
from django.core.cache import cache
from django.test import Client, override_settings
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from proxying import deadlines
from proxying.switchboard.faults.connections import ConnectionDropped
from shoppingplace.celery import app as celery_app
from tests import programs

# No example is timed: a busy machine may stop for a second. Those of a test share its fixtures.
hypothesis.settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
hypothesis.settings.load_profile("untimed")


class InProcessAdapter(requests.adapters.HTTPAdapter):
    """Answers ``requests`` with Django itself, in this thread and this transaction.

    So the real twilio client reaches the real switchboard, and its real signed webhooks
    reach our callbacks, while a test's rows stay uncommitted and are rolled back.
    """

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        body = request.body or b""
        answer = Client(enforce_csrf_checks=True).generic(
            request.method,
            request.path_url,
            body.encode() if isinstance(body, str) else body,
            content_type=headers.pop("Content-Type", ""),
            headers=headers,
        )
        try:
            content = b"".join(answer)
        except ConnectionDropped as error:
            raise requests.ConnectionError(request=request) from error
        return self.build_response(
            request,
            urllib3.HTTPResponse(
                io.BytesIO(content),
                headers=dict(answer.items()),
                status=answer.status_code,
                reason=answer.reason_phrase,
                preload_content=False,
            ),
        )


class NoSuchPlace(AssertionError):
    """A test tried to leave this machine."""


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """``http://testserver`` is answered in process, this machine for real, no other host."""
    real, inside = requests.adapters.HTTPAdapter(), InProcessAdapter()
    adapters = {"testserver": inside, "127.0.0.1": real, "localhost": real}

    def get_adapter(session: requests.Session, url: str) -> requests.adapters.BaseAdapter:
        host = urlsplit(url).hostname
        if host not in adapters:
            raise NoSuchPlace(f"a test asked {host}, which is not this machine")
        return adapters[host]

    monkeypatch.setattr(requests.Session, "get_adapter", get_adapter)


@pytest.fixture(autouse=True, scope="session")
def quick_settings() -> Iterator[None]:
    """Hashing made cheap, static files as they lie; tasks run where they are sent.

    A task's error does not reach whoever sent it, as in production. Tasks sent on commit
    need ``django_capture_on_commit_callbacks(execute=True)`` or a transactional test.
    """
    quick = override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    )
    with quick:
        celery_app.conf.task_always_eager = True
        # As a worker does: whoever nudges a task by its name finds it.
        celery_app.autodiscover_tasks(force=True)
        yield


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with many tests on it is slow; its database is not away for that."""
    monkeypatch.setattr(deadlines, "_PATIENCE", 30.0)


@pytest.fixture(autouse=True)
def clean_cache() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture
def live(live_server: LiveServer, settings: Any) -> LiveServer:
    """The site on a real port, with Twilio's client and webhooks pointed at it."""
    settings.PUBLIC_ORIGIN = live_server.url
    settings.TWILIO_BASE_URL = live_server.url + "/switchboard/{product}"
    return live_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # First, for it also sees to what Playwright's driver needs.
    program = programs.chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, live: LiveServer) -> Iterator[Page]:
    """A fresh browser's page, ``page.goto("/")`` being the live site's home."""
    with fresh_page(browser, live) as page:
        yield page


@contextmanager
def fresh_page(browser: Browser, live: LiveServer) -> Iterator[Page]:
    """A page of a browser with no cookies of another.

    A script's error, or something our own Content Security Policy refuses, fails the test.
    """
    with browser.new_context(base_url=live.url) as context:
        errors: list[str] = []

        def note_refusal(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text:
                errors.append(message.text)

        context.on("console", note_refusal)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context.new_page()
        assert errors == []
