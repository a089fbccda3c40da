"""The phones' JSON API: what programs rely on."""

import pytest

from tests.switchboard.cast import BETH, BOB, TOM, TOMS_NUMBER, own
from tests.switchboard.hands import API


def test_phone_shows_texts_and_calls_newest_first(phones):
    phones.text(BOB, TOM, "one")
    phones.text(TOM, BOB, "two")
    phones.call(BOB, TOM)

    shown = phones.of(BOB)
    assert (shown["number"], shown["name"]) == (BOB, "Bob")
    assert [m["body"] for m in shown["messages"]] == ["two", "one"]
    assert [m["direction"] for m in shown["messages"]] == ["inbound", "outbound"]
    assert [m["status"] for m in shown["messages"]] == ["received", "delivered"]
    assert [c["status"] for c in shown["calls"]] == ["ringing"]


def test_message_answers_with_all_its_fields(phones):
    assert phones.text(BOB, TOM, "Hello").keys() == {
        "sid", "status", "from", "to", "body", "direction", "date", "error_code",
    }  # fmt: skip


def test_form_bodies_and_slashes_are_fine_too(phones):
    answer = phones.client.post(f"{API}/messages/", {"from": BOB, "to": TOM, "body": "Hello"})

    assert answer.status_code == 201


def test_numbers_may_be_written_as_people_do(phones):
    sent = phones.text("(415) 111-5555", "1 415 234 5555")

    assert (sent["from"], sent["to"]) == (BOB, TOM)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"from", "to", "body"}),
        ({"from": BOB, "to": "Tom", "body": "x"}, {"to"}),
        ({"from": "+1", "to": TOM, "body": "x"}, {"from"}),
        ({"from": BOB, "to": BOB, "body": "x"}, {"to"}),
        ({"from": BOB, "to": TOM, "body": "  "}, {"body"}),
        ({"from": BOB, "to": TOM, "body": "x" * 1601}, {"body"}),
        ({"from": BOB, "to": TOM, "body": "\0"}, {"body"}),
        ({"from": [BOB], "to": {"a": 1}, "body": "x"}, {"from", "to"}),
    ],
)
def test_bad_text_is_said_by_field(phones, fields, wrong):
    answer = phones.post("messages", fields)

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == wrong


@pytest.mark.parametrize("body", ["{", "[]", '{"body": "\\ud800"}', "[" * 100_000])
def test_bad_json_is_a_400(phones, body):
    answer = phones.client.post(f"{API}/messages", body, content_type="application/json")

    assert answer.status_code == 400
    assert "body" in answer.json()["errors"]


def test_unknown_phone_and_call_are_404(phones):
    for answer in (
        phones.client.get(f"{API}/phones/+14158880000"),
        phones.client.get(f"{API}/phones/Tom"),
        phones.post("calls/CA" + "0" * 32 + "/answer", {}),
        phones.post("calls/CA" + "0" * 32 + "/hangup", {}),
    ):
        assert answer.status_code == 404


def test_phone_is_added_by_being_used(phones):
    phones.text("+12125550142", TOM, "Hello")

    assert phones.of("+12125550142")["messages"][0]["body"] == "Hello"
    assert phones.texts(TOM) == [("+12125550142", TOM, "Hello")]


@pytest.mark.parametrize("sender", ["anonymous", "72345", "ACME"])
def test_sender_may_show_no_number(phones, sender):
    phones.text(sender, TOM, "Hello")

    assert phones.texts(TOM) == [(sender, TOM, "Hello")]
    assert phones.client.get(f"{API}/phones/{sender}").status_code == 404


def test_call_from_a_number_of_ours_makes_it_nobodys_phone(phones):
    own(TOMS_NUMBER)

    phones.call(TOMS_NUMBER, TOM)

    assert phones.client.get(f"{API}/phones/{TOMS_NUMBER}").status_code == 404


def test_phone_is_added_once(phones):
    new = {"number": "+12125550142", "name": "Carol"}

    assert phones.post("phones", new).status_code == 201
    assert phones.post("phones", new).json()["errors"].keys() == {"number"}
    assert phones.of("+12125550142")["name"] == "Carol"


def test_number_of_ours_cannot_be_a_persons_phone(phones):
    own(TOMS_NUMBER)

    answer = phones.post("phones", {"number": TOMS_NUMBER, "name": "Mallory"})

    assert answer.status_code == 400


def test_all_phones_come_in_one_answer(phones):
    numbers = [phone["number"] for phone in phones.client.get(f"{API}/phones").json()["phones"]]

    assert {BOB, TOM, BETH} < set(numbers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.testserver"},
    ],
)
def test_foreign_page_is_refused(phones, headers):
    fields = {"from": BOB, "to": TOM, "body": "x"}

    answer = phones.client.post(f"{API}/messages", fields, headers=headers)

    assert answer.status_code == 403
    assert phones.texts(TOM) == []


def test_own_page_is_not_foreign(phones):
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}

    answer = phones.client.post(
        f"{API}/messages", {"from": BOB, "to": TOM, "body": "x"}, headers=headers
    )

    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["", "api/phones", f"api/phones/{BOB}", "api/messages"])
def test_without_the_virtual_carrier_there_are_no_phones(phones, settings, path):
    settings.SWITCHBOARD_VIRTUAL_CARRIER = False

    assert phones.client.get(f"/switchboard/phones/{path}").status_code == 404
