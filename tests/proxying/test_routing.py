"""Who reached what, and what Proxy is told: the whole table."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proxying.callbacks import NEUTRAL_MESSAGE, spoken
from proxying.encryption import blind_index
from proxying.models import Block, ProxySession, ReservedNumber, Seller
from proxying.provisioning import release, suspend
from proxying.routing import Answer
from tests.proxying.callbacks import contact
from tests.proxying.factories import (
    BETHS_NUMBER,
    BETHS_PHONE,
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    PoolNumberFactory,
    ReservedNumberFactory,
    beth,
    tom,
)

POOL_NUMBER = "+14152220000"
A_CALL = "CA" + "1" * 32
A_TEXT = "SM" + "1" * 32

pytestmark = pytest.mark.django_db


def earlier_session(unique_name, *, caller, dialled, partner, partner_sees, created_at=""):
    return {
        "sessionSid": "KC" + "5" * 32,
        "sessionDateCreated": created_at,
        "sessionStatus": "closed",
        "sessionUniqueName": unique_name,
        "inboundParticipantIdentifier": caller,
        "inboundParticipantProxyIdentifier": dialled,
        "outboundParticipantIdentifier": partner,
        "outboundParticipantProxyIdentifier": partner_sees,
    }


@contextmanager
def costs(statements):
    """So many, without the borders of transactions."""
    with CaptureQueriesContext(connection) as queries:
        yield
    said = [query["sql"] for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(said) == statements, "\n".join(said)


def is_turned_away(response, sid=A_CALL):
    neutral = spoken(Answer.NEUTRAL) if sid.startswith("CA") else NEUTRAL_MESSAGE
    return (
        response.status_code == 200
        and response["Content-Type"] == "application/xml"
        and response.content == neutral
        and not ProxySession.objects.exists()
    )


@pytest.mark.parametrize("sid", [A_CALL, A_TEXT, "MM" + "1" * 32])
def test_buyer_reaches_tom(sid):
    tom()

    response = contact(BOBS_PHONE, TOMS_NUMBER, sid)

    answer = json.loads(response.content)
    assert response["Content-Type"] == "application/json"
    assert answer == {
        "uniqueName": answer["uniqueName"],
        "ttl": 3360,
        "mode": "voice-and-message",
        "participantIdentifier": TOMS_PHONE,
    }


def test_connecting_costs_four_statements():
    tom()

    with costs(4):
        contact(BOBS_PHONE, TOMS_NUMBER)


def test_turning_away_costs_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        contact(BOBS_PHONE, TOMS_NUMBER)


def test_ttl_and_mode_are_settings(settings):
    settings.PROXY_SESSION_TTL = 60
    settings.PROXY_SESSION_MODE = "voice-only"
    tom()

    answer = contact(BOBS_PHONE, TOMS_NUMBER).json()

    assert (answer["ttl"], answer["mode"]) == (60, "voice-only")


def test_same_contact_gets_the_same_answer():
    tom()

    first, second = contact(BOBS_PHONE, TOMS_NUMBER), contact(BOBS_PHONE, TOMS_NUMBER)

    assert first.content == second.content
    assert ProxySession.objects.count() == 1


def test_unique_name_is_fresh_for_each_contact_and_tells_nothing(settings):
    settings.CONTACTS_OF_A_PAIR_AN_HOUR = 20
    tom()

    names = [
        contact(BOBS_PHONE, TOMS_NUMBER, f"CA{n:032x}").json()["uniqueName"] for n in range(20)
    ]

    assert len(set(names)) == 20
    assert all(len(name) <= 191 and "5555" not in name for name in names)


def test_session_is_remembered_without_the_buyers_number():
    tom()

    contact(BOBS_PHONE, TOMS_NUMBER)

    session = ProxySession.objects.get()
    assert (session.contact_sid, session.buyer_index) == (A_CALL, blind_index(BOBS_PHONE))
    assert BOBS_PHONE not in str(vars(session))


@pytest.mark.parametrize("created_at", ["", "2020-01-01T00:00:00Z"])
def test_buyer_who_comes_back_reaches_tom_again(created_at):
    """Also on a number that was taken from Tom and given to him again: our row tells whose."""
    tom()
    name = contact(BOBS_PHONE, TOMS_NUMBER).json()["uniqueName"]
    again = earlier_session(
        name,
        caller=BOBS_PHONE,
        dialled=TOMS_NUMBER,
        partner=TOMS_PHONE,
        partner_sees=POOL_NUMBER,
        created_at=created_at,
    )

    answer = contact(BOBS_PHONE, TOMS_NUMBER, A_TEXT, **again).json()

    assert answer["participantIdentifier"] == TOMS_PHONE
    assert answer["uniqueName"] != name


def answer_of_tom(**changes):
    """Tom texts the pool number on which he spoke with Bob; that Session has ended."""
    name = contact(BOBS_PHONE, TOMS_NUMBER).json()["uniqueName"]
    ended = earlier_session(
        name,
        caller=TOMS_PHONE,
        dialled=POOL_NUMBER,
        partner=BOBS_PHONE,
        partner_sees=TOMS_NUMBER,
    )
    PoolNumberFactory(proxy_identifier=POOL_NUMBER)
    return contact(
        **{"sender": TOMS_PHONE, "dialled": POOL_NUMBER, "sid": A_TEXT, **ended, **changes}
    )


def test_seller_who_answers_after_the_end_reaches_that_buyer():
    tom()

    answer = answer_of_tom().json()

    assert answer == {
        "uniqueName": answer["uniqueName"],
        "ttl": 3360,
        "mode": "voice-and-message",
        "participantIdentifier": BOBS_PHONE,
        "participantProxyIdentifier": TOMS_NUMBER,
    }


def test_seller_who_answers_costs_three_statements():
    tom()
    contact(BOBS_PHONE, TOMS_NUMBER)
    PoolNumberFactory(proxy_identifier=POOL_NUMBER)
    ended = earlier_session(
        "sp-1", caller=TOMS_PHONE, dialled=POOL_NUMBER, partner=BOBS_PHONE, partner_sees=TOMS_NUMBER
    )

    with costs(3):
        contact(TOMS_PHONE, POOL_NUMBER, A_TEXT, **ended)


def test_mallory_cannot_answer_for_tom():
    tom()

    response = answer_of_tom(sender="+13105550199", inboundParticipantIdentifier="+13105550199")

    assert response.content == NEUTRAL_MESSAGE


def test_suspended_seller_cannot_answer():
    seller = tom()
    contact(BOBS_PHONE, TOMS_NUMBER)
    suspend(seller, "Sold what was not his")
    ended = earlier_session(
        "sp-1", caller=TOMS_PHONE, dialled=POOL_NUMBER, partner=BOBS_PHONE, partner_sees=TOMS_NUMBER
    )

    assert contact(TOMS_PHONE, POOL_NUMBER, A_TEXT, **ended).content == NEUTRAL_MESSAGE


# All who are turned away


def nobodys_number():
    return BOBS_PHONE, "+14159999999"


def toms_own_number():
    tom()
    return TOMS_PHONE, TOMS_NUMBER


def suspended_seller():
    suspend(tom(), "Sold what was not his")
    return BOBS_PHONE, TOMS_NUMBER


def quarantined_number():
    release(tom().reserved_numbers.get())
    return BOBS_PHONE, TOMS_NUMBER


def number_not_yet_active():
    tom()
    ReservedNumber.objects.update(status=ReservedNumber.Status.RESERVING)
    return BOBS_PHONE, TOMS_NUMBER


def blocked_buyer():
    Block.objects.create(seller=tom(), buyer_index=blind_index(BOBS_PHONE))
    return BOBS_PHONE, TOMS_NUMBER


def pool_number_of_a_stranger():
    PoolNumberFactory(proxy_identifier=POOL_NUMBER)
    return BOBS_PHONE, POOL_NUMBER


def loop_from_a_pool_number():
    tom()
    PoolNumberFactory(proxy_identifier=POOL_NUMBER)
    return POOL_NUMBER, TOMS_NUMBER


def loop_from_another_sellers_number():
    tom()
    beth()
    return BETHS_NUMBER, TOMS_NUMBER


def loop_from_a_quarantined_number():
    tom()
    release(beth().reserved_numbers.get())
    return BETHS_NUMBER, TOMS_NUMBER


def seller_whose_key_is_lost():
    tom()
    Seller.objects.update(phone_number="lost:AAAA")
    return BOBS_PHONE, TOMS_NUMBER


def number_that_calls_itself():
    tom()
    return TOMS_NUMBER, TOMS_NUMBER


CAUSES = [
    nobodys_number,
    toms_own_number,
    suspended_seller,
    quarantined_number,
    number_not_yet_active,
    blocked_buyer,
    pool_number_of_a_stranger,
    loop_from_a_pool_number,
    loop_from_another_sellers_number,
    loop_from_a_quarantined_number,
    seller_whose_key_is_lost,
    number_that_calls_itself,
]


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("sid", [A_CALL, A_TEXT])
def test_all_causes_are_answered_with_the_same_bytes(cause, sid):
    sender, dialled = cause()

    assert is_turned_away(contact(sender, dialled, sid), sid)


@pytest.mark.parametrize(
    "sender",
    ["anonymous", "Anonymous", "", "72345", "+266696687", "+7378742833", "+86282452253",
     "+2562533", "+8656696", "unavailable", "sip:bob@example.com", "+1", "SHOPPLACE"],
)  # fmt: skip
def test_sender_without_a_number_is_turned_away(sender):
    tom()

    assert is_turned_away(contact(sender, TOMS_NUMBER))


def test_beth_may_buy_from_tom():
    tom()
    beth()

    assert contact(BETHS_PHONE, TOMS_NUMBER).json()["participantIdentifier"] == TOMS_PHONE


def test_block_is_for_one_seller_only():
    Block.objects.create(seller=tom(), buyer_index=blind_index(BOBS_PHONE))
    beth()

    assert contact(BOBS_PHONE, BETHS_NUMBER).json()["participantIdentifier"] == BETHS_PHONE


def test_seller_answers_from_a_phone_that_they_once_blocked():
    """Phones change hands: Tom's was a nuisance's before."""
    Block.objects.create(seller=tom(), buyer_index=blind_index(TOMS_PHONE))
    name = contact(BOBS_PHONE, TOMS_NUMBER).json()["uniqueName"]
    then = earlier_session(
        name, caller=TOMS_PHONE, dialled=POOL_NUMBER, partner=BOBS_PHONE, partner_sees=TOMS_NUMBER
    )

    answer = contact(TOMS_PHONE, POOL_NUMBER, A_TEXT, **then)

    assert answer.json()["participantIdentifier"] == BOBS_PHONE


def test_number_that_stood_for_somebody_else_does_not_reach_its_new_seller():
    """Bob spoke with Tom on a number that is Beth's by now, and rings it again."""
    seller = tom()
    name = contact(BOBS_PHONE, TOMS_NUMBER).json()["uniqueName"]
    ReservedNumber.objects.update(status=ReservedNumber.Status.RELEASED)
    ReservedNumberFactory(seller=beth_without_number(), proxy_identifier=TOMS_NUMBER)
    again = earlier_session(
        name, caller=BOBS_PHONE, dialled=TOMS_NUMBER, partner=TOMS_PHONE, partner_sees=POOL_NUMBER
    )

    response = contact(BOBS_PHONE, TOMS_NUMBER, A_TEXT, **again)

    assert response.content == NEUTRAL_MESSAGE
    assert seller.display_name not in str(response.content)


@pytest.mark.parametrize(
    ("created_at", "is_connected"),
    [
        ("2026-03-01T11:59:59Z", False),
        ("2026-03-01T12:00:00Z", True),
        ("2026-03-02T00:00:00Z", True),
        ("2026-03-02T00:00:00", True),
        ("last week", True),
        ("", True),
    ],
)
def test_of_a_session_that_we_lost_proxys_date_tells_whether_it_was_the_sellers(
    created_at, is_connected
):
    """Tom's number was the pool's before: Beth was shown Bob there, and answers him."""
    tom()
    in_that_second = datetime(2026, 3, 1, 12, 0, 0, 700_000, tzinfo=UTC)
    ReservedNumber.objects.update(active_at=in_that_second)
    lost = earlier_session(
        "sp-lost",
        caller=BETHS_PHONE,
        dialled=TOMS_NUMBER,
        partner=BOBS_PHONE,
        partner_sees=BETHS_NUMBER,
        created_at=created_at,
    )

    response = contact(BETHS_PHONE, TOMS_NUMBER, A_TEXT, **lost)

    assert (response.content == NEUTRAL_MESSAGE) is not is_connected


def test_old_buyer_does_not_reach_the_new_holder_when_proxy_has_forgotten():
    """A year later Proxy tells of no earlier Session. Strangers reach Beth, Bob does not."""
    tom()
    contact(BOBS_PHONE, TOMS_NUMBER)
    ReservedNumber.objects.update(status=ReservedNumber.Status.RELEASED)
    ReservedNumberFactory(seller=beth_without_number(), proxy_identifier=TOMS_NUMBER)

    assert contact(BOBS_PHONE, TOMS_NUMBER, A_TEXT).content == NEUTRAL_MESSAGE
    stranger = contact("+14155550166", TOMS_NUMBER, "SM" + "3" * 32)
    assert stranger.json()["participantIdentifier"] == BETHS_PHONE


def beth_without_number():
    seller = beth()
    seller.reserved_numbers.all().delete()
    return seller


def test_seller_who_changed_phone_is_reached_on_the_new_one():
    seller = tom()
    contact(BOBS_PHONE, TOMS_NUMBER)
    seller.phone_number = type(seller.phone_number)("+14152340000")
    seller.phone_verified_at = timezone.now()
    seller.save()

    answer = contact(BOBS_PHONE, TOMS_NUMBER, A_TEXT).json()

    assert answer["participantIdentifier"] == "+14152340000"
