"""After a day's traffic: the database, the logs and the pages hold no private number."""

import logging
import re

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from proxying import tasks
from proxying.models import Seller
from proxying.phone_numbers import redact_event
from proxying.provisioning import release
from shoppingplace.demo import data
from tests.proxying.factories import BETHS_PHONE, BOBS_PHONE, TOMS_NUMBER, TOMS_PHONE
from tests.switchboard.hands import Phones

PRIVATE = re.compile("|".join(number[-7:] for number in (TOMS_PHONE, BETHS_PHONE, BOBS_PHONE)))
PASSWORD = "correct horse battery"
NOT_PAGES = ("/switchboard/", "/admin/switchboard/", "/static/", "/media/")


@pytest.fixture
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
def a_day(db, settings, everything_logged):
    """Texts and calls both ways, an answer after the end, a release; everything is logged."""
    data.prepare(PASSWORD)
    data.fill()
    phones = Phones()
    phones.text(BOBS_PHONE, TOMS_NUMBER)
    pool_number = phones.of(TOMS_PHONE)["messages"][0]["from"]
    phones.text(TOMS_PHONE, pool_number, "Yes")
    phones.call(BOBS_PHONE, TOMS_NUMBER)
    phones.answer(phones.rings(TOMS_PHONE)["sid"])
    phones.hang_up(phones.rings(TOMS_PHONE)["sid"])
    phones.text(TOMS_PHONE, TOMS_NUMBER, "Hello me")
    phones.text("anonymous", TOMS_NUMBER, "Guess who")
    release(Seller.objects.get(display_name="Beth").reserved_number)
    tasks.sweep()


def marketplace_tables():
    return [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label != "switchboard"
    ]


def test_database_of_the_marketplace_holds_none(a_day):
    """The switchboard plays the phone company, which has to know whom it connects."""
    found = {}
    with connection.cursor() as cursor:
        for table in marketplace_tables():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows = [row for (row,) in cursor.fetchall() if PRIVATE.search(row)]
            if rows:
                found[table] = rows

    assert len(marketplace_tables()) > 15
    assert found == {}


def test_log_holds_none(a_day, everything_logged):
    """Every record, as the one formatter of all our handlers writes it."""
    written = [
        redact_event(None, "", {"event": record.getMessage(), "exc": record.exc_text})
        for record in everything_logged.get_records("setup")
        if not record.name.startswith("asyncio")
    ]

    assert len(written) > 50
    assert [line for line in written if PRIVATE.search(str(line))] == []


@pytest.mark.parametrize("who", [None, data.BUYER_EMAILS[0], "beth@example.com", data.STAFF_EMAIL])
def test_pages_hold_none(a_day, who):
    client = Client()
    if who:
        client.force_login(get_user_model().objects.get(username=who))
    seen, waiting = set(), ["/", "/sell/", "/my/listings/", "/seller/number/", "/admin/"]
    while waiting and len(seen) < 120:
        url = waiting.pop()
        # The switchboard's own pages are the phone company's.
        if url in seen or url.startswith(NOT_PAGES):
            continue
        seen.add(url)
        response = client.get(url, follow=True)
        assert response.status_code < 500, url
        if "text/html" in response["Content-Type"]:
            assert not PRIVATE.search(response.content.decode()), url
            waiting += re.findall(r'href="(/[^"#?]*)', response.content.decode())

    assert len(seen) >= 15
