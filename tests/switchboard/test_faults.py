"""The switchboard misbehaves: what each fault does to a request, and what stays behind."""

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from proxying.switchboard.faults.journal import ledger
from proxying.switchboard.models import Fault, IncomingPhoneNumber, JournalEntry
from tests.switchboard.cast import POOL_1, own

BUYING = "api/.*/IncomingPhoneNumbers"
FOR_SALE = "+14155550199"


def plan(kind, path=BUYING, **fields):
    return Fault.objects.create(kind=kind, path=path, **fields)


def buy(twilio):
    return twilio.incoming_phone_numbers.create(phone_number=FOR_SALE, friendly_name="marker")


def is_bought():
    return IncomingPhoneNumber.objects.filter(phone_number=FOR_SALE).exists()


@pytest.mark.parametrize(
    ("kind", "status"), [("too_many", 429), ("error_500", 500), ("error_503", 503)]
)
def test_refusal_has_twilios_form_and_nothing_was_done(twilio, kind, status):
    plan(kind)

    with pytest.raises(TwilioRestException) as refused:
        buy(twilio)

    assert (refused.value.status, refused.value.code) == (status, 20000 + status)
    assert not is_bought()


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("too_many", None, "1"),
        ("too_many", 7, "7"),
        ("too_many_bare", 7, None),
        ("error_503", 7, "7"),
        ("error_503", None, None),
    ],
)
def test_retry_after_is_told_where_it_belongs(client, db, kind, given, told):
    plan(kind, "proxy", retry_after=given)

    answer = client.get("/switchboard/proxy/v1/Services")

    assert answer.headers.get("Retry-After") == told


@pytest.mark.parametrize(
    ("kind", "bought"), [("drop_before", False), ("drop_after", True), ("outage", False)]
)
def test_dropped_connection_is_one_for_the_client(twilio, kind, bought):
    plan(kind)

    with pytest.raises(requests.ConnectionError):
        buy(twilio)

    assert is_bought() is bought


def test_truncated_answer_is_half_and_the_number_bought(twilio):
    plan("truncated")

    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        buy(twilio)

    assert is_bought()


def test_html_comes_with_both_statuses(client, db):
    plan("html", "proxy")

    answers = [client.get("/switchboard/proxy/v1/Services") for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200, 502}
    assert all("<h1>" in answer.text for answer in answers)


def test_delay_is_waited_out_and_harms_nothing(twilio, monkeypatch):
    slept = []
    monkeypatch.setattr("proxying.switchboard.faults.door.time.sleep", slept.append)
    plan("delay", delay_ms=300)
    plan("delay", "api", delay_ms=200)

    buy(twilio)

    assert slept == [0.3, 0.2]
    assert is_bought()


def test_outage_lasts_until_it_is_removed(twilio):
    outage = plan("outage", "", chance=0)
    with pytest.raises(requests.ConnectionError):
        twilio.proxy.v1.services.list()

    outage.delete()

    assert twilio.proxy.v1.services.list() == []


def test_rule_meets_its_method_and_path_alone(twilio):
    plan("error_500", method="POST")

    assert twilio.incoming_phone_numbers.list() == []
    assert twilio.proxy.v1.services.list() == []
    with pytest.raises(TwilioRestException):
        buy(twilio)


def test_rule_strikes_no_more_often_than_its_times(client, db):
    rule = plan("error_500", "proxy", times=3)

    statuses = [client.get("/switchboard/proxy/v1/Services").status_code for _ in range(5)]

    assert statuses == [500, 500, 500, 401, 401]
    rule.refresh_from_db()
    assert (rule.seen, rule.struck) == (5, 3)


def strikes(seed, count=400):
    rule = Fault(kind="error_500", chance=0.3, seed=seed)
    return [
        (setattr(rule, "seen", number), rule.draw("strike") < 0.3)[1] for number in range(count)
    ]


def test_chance_replays_from_its_seed():
    assert strikes("1") == strikes("1") != strikes("2")
    assert 0.24 < sum(strikes("1")) / 400 < 0.36


def test_chance_is_drawn_by_the_running_number(client, db):
    def run():
        Fault.objects.all().delete()
        plan("error_500", "proxy", chance=0.5, seed="storm")
        return [client.get("/switchboard/proxy/v1/Services").status_code for _ in range(30)]

    first = run()

    assert first == run()
    assert set(first) == {500, 401}


def test_carrier_that_is_off_knows_no_faults(client, db, settings, django_assert_num_queries):
    plan("outage", "")
    settings.SWITCHBOARD_VIRTUAL_CARRIER = False

    with django_assert_num_queries(0):
        answer = client.get("/switchboard/proxy/v1/Services")

    assert answer.status_code == 401
    assert not JournalEntry.objects.exists()


def test_journal_is_kept_while_there_is_a_rule(twilio):
    twilio.proxy.v1.services.list()
    assert not JournalEntry.objects.exists()

    plan("error_500", chance=0)
    twilio.proxy.v1.services.list()

    [entry] = JournalEntry.objects.all()
    assert (entry.method, entry.path, entry.status, entry.fault) == (
        "GET", "proxy/v1/Services", 200, "",
    )  # fmt: skip


def test_journal_tells_what_was_bought_though_the_answer_was_lost(twilio):
    plan("drop_after")
    with pytest.raises(requests.ConnectionError):
        buy(twilio)

    [entry] = JournalEntry.objects.all()
    assert (entry.status, entry.fault) == (None, "drop_after")
    assert entry.facts["phone_number"] == FOR_SALE
    assert entry.facts["friendly_name"] == "marker"
    assert entry.facts["sid"] == IncomingPhoneNumber.objects.get().sid


def test_journal_holds_no_private_number(twilio, phones):
    plan("error_500", chance=0)
    twilio.lookups.v2.phone_numbers("+14152345555").fetch()
    twilio.messages.create(from_=own_number(), to="+14152345555", body="Call me on 4152345555")

    written = str(list(JournalEntry.objects.values_list("path", "facts")))
    assert JournalEntry.objects.count() == 2
    assert "4152345555" not in written
    assert "•••55" in written


def own_number():
    own(POOL_1)
    return POOL_1


def test_ledger_counts_what_was_bought_released_and_held(twilio):
    bought = buy(twilio)
    twilio.incoming_phone_numbers.create(phone_number="+14155550198")
    bought.delete()

    told = ledger(most=10)

    assert (told["purchases"], told["releases"], told["held"]) == (2, 1, 1)
    assert (told["a_month"], told["spent"]) == ("1.15", "2.30")
    assert [line["kind"] for line in told["lines"]] == ["purchase", "purchase", "release"]
