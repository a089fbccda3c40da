"""The faults' JSON API: what the programs of the storm rely on."""

import json

import pytest

from proxying.switchboard.models import Fault, IncomingPhoneNumber, PhoneNumber
from tests.switchboard.cast import BOB, TOMS_NUMBER

FAULTS = "/switchboard/faults/"

pytestmark = pytest.mark.django_db


def add(client, **fields):
    return client.post(FAULTS, json.dumps(fields), content_type="application/json")


def test_rule_is_added_with_defaults_listed_and_removed(client):
    added = add(client, kind="error_500")
    assert added.status_code == 201
    rule = added.json()
    assert (rule["chance"], rule["seed"], rule["times"], rule["path"]) == (1, "1", None, "")

    listed = client.get(FAULTS).json()
    assert listed["faults"] == [rule]
    assert listed["journal"] == []
    assert listed["ledger"]["purchases"] == 0

    assert client.delete(f"{FAULTS}{rule['id']}/").status_code == 204
    assert client.delete(f"{FAULTS}{rule['id']}/").status_code == 404
    assert not Fault.objects.exists()


def test_all_rules_are_removed_at_once(client):
    add(client, kind="outage")
    add(client, kind="delay", delay_ms=5)

    assert client.delete(FAULTS).status_code == 204
    assert client.get(FAULTS).json()["faults"] == []


def test_rule_keeps_every_field_it_was_given(client):
    fields = {
        "kind": "too_many", "path": "api/.*/IncomingPhoneNumbers", "method": "POST",
        "chance": 0.3, "seed": "77", "times": 4, "delay_ms": 10, "retry_after": 2,
    }  # fmt: skip

    answer = add(client, **(fields | {"path": "/switchboard/" + fields["path"]})).json()

    assert fields.items() <= answer.items()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "kind"),
        ({"kind": "rain"}, "kind"),
        ({"kind": "delay", "chance": 1.1}, "chance"),
        ({"kind": "delay", "chance": -0.1}, "chance"),
        ({"kind": "delay", "chance": "nan"}, "chance"),
        ({"kind": "delay", "chance": [1]}, "chance"),
        ({"kind": "delay", "path": "("}, "path"),
        ({"kind": "delay", "path": "a\0"}, "path"),
        ({"kind": "delay", "path": "x" * 201}, "path"),
        ({"kind": "delay", "path": "a{99999999999}"}, "path"),
        ({"kind": "delay", "method": "BREW"}, "method"),
        ({"kind": "delay", "times": 10**30}, "times"),
        ({"kind": "delay", "delay_ms": 60_001}, "delay_ms"),
        ({"kind": "delay", "retry_after": -1}, "retry_after"),
        ({"kind": {"a": 1}}, "kind"),
        ({"kind": "vanish"}, "phone_number"),
        ({"kind": "vanish", "phone_number": "Tom"}, "phone_number"),
    ],
)
def test_bad_rule_is_said_by_field(client, fields, wrong):
    answer = add(client, **fields)

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {wrong}


@pytest.mark.parametrize("body", ["{", "[]", '{"kind": "\\ud800"}'])
def test_body_that_is_no_object_is_refused(client, body):
    assert client.post(FAULTS, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("query", ["after=x", "after=-1", "most=1e9", "after=" + "9" * 40, "most="])
def test_nonsense_in_the_query_changes_nothing(client, query):
    assert client.get(f"{FAULTS}?{query}").status_code == 200


def test_journal_is_read_on_from_where_it_was_left(client):
    add(client, kind="error_500")
    for _ in range(3):
        client.get("/switchboard/proxy/v1/Services")

    newest = client.get(f"{FAULTS}?most=1").json()["journal"]
    everything = client.get(FAULTS).json()["journal"]
    after_first = client.get(f"{FAULTS}?after={everything[0]['id']}").json()["journal"]

    assert newest == everything[2:]
    assert after_first == everything[1:]


def test_number_vanishes_from_account_and_service(client, shop):
    answer = add(client, kind="vanish", phone_number=TOMS_NUMBER)

    assert answer.status_code == 200
    assert answer.json()["vanished"] == 1
    assert not IncomingPhoneNumber.objects.filter(phone_number=TOMS_NUMBER).exists()
    assert PhoneNumber.objects.count() == 2
    assert add(client, kind="vanish", phone_number=TOMS_NUMBER).status_code == 404


@pytest.mark.parametrize("path", [FAULTS, f"{FAULTS}1/", f"{FAULTS}deliver/"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_api_is_not_there_while_the_carrier_is_off(client, settings, path, method):
    settings.SWITCHBOARD_VIRTUAL_CARRIER = False

    assert getattr(client, method)(path).status_code == 404


@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_may_not_break_anything(client, header):
    answer = client.post(FAULTS, {"kind": "outage"}, headers=header)

    assert answer.status_code == 403
    assert not Fault.objects.exists()


def test_every_rule_costs_the_list_no_query(client, django_assert_num_queries):
    add(client, kind="delay")
    add(client, kind="delay")
    add(client, kind="delay")

    with django_assert_num_queries(7):
        client.get(FAULTS)


def test_text_to_a_vanished_number_reaches_nobody(client, phones, shop, customer):
    add(client, kind="vanish", phone_number=TOMS_NUMBER)

    sent = phones.text(BOB, TOMS_NUMBER)

    assert sent["status"] != "delivered"
    assert customer.told("out-of-session") == []
