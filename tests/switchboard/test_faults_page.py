"""The faults in the browser: set, seen at work and taken away again, without a script."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from proxying.switchboard.models import Fault, HeldWebhook, IncomingPhoneNumber
from tests.switchboard.cast import POOL_1, own

PAGE = "/switchboard/phones/faults/"

pytestmark = pytest.mark.django_db


def add(client, **fields):
    return client.post(f"{PAGE}add/", {"kind": "error_500", "chance": "1", "seed": "1"} | fields)


def test_fault_is_added_seen_at_work_and_removed(client):
    answer = add(client, path="proxy/<b>", method="GET", chance="0.25", times="3")
    assert (answer.status_code, answer.url) == (302, PAGE)
    html = client.get(PAGE).text
    assert "proxy/&lt;b&gt;" in html
    assert "0.25" in html

    client.get("/switchboard/proxy/v1/Services")
    assert "<code>proxy/v1/Services</code>" in client.get(PAGE).text

    client.post(f"{PAGE}{Fault.objects.get().pk}/remove/")
    assert not Fault.objects.exists()


def test_what_is_left_empty_is_as_usual(client):
    add(client, chance="", seed="", delay_ms="", times="", retry_after="")

    rule = Fault.objects.get()
    assert (rule.chance, rule.seed, rule.delay_ms, rule.times) == (1, "1", 0, None)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": ""}, "This field is required."),
        ({"chance": "7"}, "less than or equal to 1"),
        ({"path": "("}, "This is no regular expression."),
    ],
)
def test_fault_that_makes_no_sense_is_explained_and_kept(client, fields, sentence):
    answer = add(client, seed="mine", **fields)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="mine"' in answer.text
    assert not Fault.objects.exists()


def test_number_vanishes_once(client):
    own(POOL_1)

    answer = client.post(f"{PAGE}vanish/", {"phone_number": "+1 415 333 0001"}, follow=True)
    assert "The number has vanished." in answer.text
    assert not IncomingPhoneNumber.objects.exists()

    again = client.post(f"{PAGE}vanish/", {"phone_number": POOL_1})
    assert again.status_code == 422
    assert "The account has no such number." in again.text


def test_webhooks_kept_back_are_delivered(client, customer):
    for _ in range(2):
        HeldWebhook.objects.create(
            url="http://testserver/customer/callback",
            fields={"a": "b"},
            due_at="2100-01-01T00:00:00Z",
        )
    assert "2 webhooks are kept back." in client.get(PAGE).text

    answer = client.post(f"{PAGE}deliver/", follow=True)

    assert "2 webhooks were delivered." in answer.text
    assert len(customer.told("callback")) == 2


@pytest.mark.parametrize("path", ["add/", "1/remove/", "vanish/", "deliver/"])
def test_every_change_needs_the_pages_token_and_the_carrier(client, settings, path):
    assert Client(enforce_csrf_checks=True).post(PAGE + path).status_code == 403
    assert client.get(PAGE + path).status_code == 405

    settings.SWITCHBOARD_VIRTUAL_CARRIER = False
    assert client.post(PAGE + path).status_code == 404


def test_removing_what_is_not_there_does_no_harm(client):
    assert client.post(f"{PAGE}{'9' * 30}/remove/").status_code == 302


def test_page_is_not_there_while_the_carrier_is_off(client, settings):
    settings.SWITCHBOARD_VIRTUAL_CARRIER = False

    assert client.get(PAGE).status_code == 404


def test_more_faults_cost_no_more_queries(client, django_assert_num_queries):
    add(client)
    client.get("/switchboard/proxy/v1/Services")
    with CaptureQueriesContext(connection) as with_one:
        client.get(PAGE)
    queries = len(with_one)
    for _ in range(2):
        add(client)
        client.get("/switchboard/proxy/v1/Services")

    with django_assert_num_queries(queries):
        client.get(PAGE)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_is_accessible_and_fits(page, client, scheme, width):
    add(client, path="api/.*/IncomingPhoneNumbers", delay_ms="300", times="3")
    add(client, kind="webhook_shuffled")
    client.get("/switchboard/api/2010-04-01/Accounts/AC0/IncomingPhoneNumbers.json")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(PAGE)

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width
