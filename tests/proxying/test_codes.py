"""How many codes are sent, and how often one is tried: exact, with or without the cache."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from proxying import tasks, verification
from proxying.codes import CodeNotAccepted, NumberNotAccepted
from proxying.models import LimitCounter, PhoneCode
from proxying.phone_numbers import PhoneNumber
from proxying.switchboard.models import Verification
from tests.proxying.factories import (
    TOMS_PHONE,
    PoolNumberFactory,
    ProxyServiceFactory,
    SellerFactory,
    tom,
)

NINAS_PHONE = "+14155550123"
AT_NOON = "2026-03-02 12:00:00+00:00"


@pytest.fixture
def nina(verify_service):
    return SellerFactory(display_name="Nina", unverified=True, phone_number=None)


def ask(seller, phone=NINAS_PHONE):
    verification.send_code(seller, PhoneNumber(phone))


def wrong_code():
    return f"{(int(Verification.objects.get().code) + 1) % 1_000_000:06}"


def tries(seller, code):
    """Whether the code was looked at, and not refused before."""
    try:
        verification.check_code(seller, code)
    except CodeNotAccepted as reason:
        return "Too many tries" not in str(reason)
    return True


@pytest.mark.django_db
def test_sixth_code_to_a_phone_in_an_hour_is_one_too_many(nina):
    with time_machine.travel(AT_NOON) as clock:
        for _ in range(5):
            ask(nina)
            clock.shift(timedelta(minutes=11))
        # Another account, the same phone; and Twilio itself would send again by now.
        with pytest.raises(NumberNotAccepted, match="Too many codes"):
            ask(SellerFactory(unverified=True, phone_number=None))

        clock.shift(timedelta(minutes=6))
        ask(nina)


@pytest.mark.django_db
def test_lost_cache_gives_nobody_another_turn(nina):
    with time_machine.travel(AT_NOON):
        for _ in range(5):
            verification.take_turn_to_ask(nina, "198.51.100.1")
            cache.clear()

        with pytest.raises(NumberNotAccepted, match="asked for many"):
            verification.take_turn_to_ask(nina, "198.51.100.1")


@pytest.mark.django_db
def test_an_address_has_twenty_turns_an_hour(nina):
    with time_machine.travel(AT_NOON):
        for _ in range(20):
            verification.take_turn_to_ask(SellerFactory(), "198.51.100.1")

        with pytest.raises(NumberNotAccepted, match="asked for many"):
            verification.take_turn_to_ask(nina, "198.51.100.1")
        verification.take_turn_to_ask(nina, "198.51.100.2")


@pytest.mark.django_db
def test_days_budget_holds_for_all_together(nina, settings):
    settings.CODES_A_DAY = 2
    with time_machine.travel(AT_NOON) as clock:
        ask(nina)
        ask(nina, "+14155550124")
        with pytest.raises(NumberNotAccepted, match="today"):
            ask(nina, "+14155550125")

        clock.shift(timedelta(days=1))
        ask(nina, "+14155550125")


@pytest.mark.django_db
def test_counters_name_nobody(nina):
    verification.take_turn_to_ask(nina, "198.51.100.1")
    ask(nina)

    keys = " ".join(LimitCounter.objects.values_list("key", flat=True))

    assert "198.51" not in keys
    assert NINAS_PHONE[2:] not in keys
    assert NINAS_PHONE[2:] not in str(PhoneCode.objects.values())


@pytest.mark.django_db
def test_sixth_try_never_reaches_twilio(nina, network):
    ask(nina)
    wrong = wrong_code()

    assert [tries(nina, wrong) for _ in range(7)] == [True] * 5 + [False] * 2

    assert network.count("POST", "VerificationCheck") == 5
    assert not tries(nina, Verification.objects.get().code)


@pytest.mark.django_db
def test_code_sent_again_has_no_more_tries(nina, network):
    ask(nina)
    wrong = wrong_code()
    for _ in range(5):
        tries(nina, wrong)
    ask(nina)

    assert not tries(nina, wrong)
    assert network.count("POST", "VerificationCheck") == 5


@pytest.mark.django_db
def test_new_code_has_tries_of_its_own(nina):
    with time_machine.travel(AT_NOON) as clock:
        ask(nina)
        for _ in range(5):
            tries(nina, wrong_code())
        clock.shift(timedelta(minutes=11))
        ask(nina)

        code = Verification.objects.order_by("-date_created").first().code
        assert verification.check_code(nina, code)


@pytest.mark.django_db
def test_two_accounts_share_the_tries_at_one_code(nina):
    mallory = SellerFactory(display_name="Mallory", unverified=True, phone_number=None)
    ask(nina)
    ask(mallory)
    wrong = wrong_code()

    assert [tries(who, wrong) for who in (mallory, nina) * 4] == [True] * 5 + [False] * 3


@pytest.mark.django_db
def test_try_counts_though_twilio_does_not_answer(nina, network):
    ask(nina)
    network.fail(503, "VerificationCheck", times=9)

    for _ in range(7):
        tries(nina, "123456")

    assert PhoneCode.objects.get().tries == 5
    assert network.count("POST", "VerificationCheck") == 5


@pytest.mark.django_db(transaction=True)
def test_many_at_once_try_one_code_five_times(network, settings):
    call_command("seed_switchboard", verify_service=settings.TWILIO_VERIFY_SERVICE_SID, verbosity=0)
    nina = SellerFactory(unverified=True, phone_number=None)
    ask(nina)
    wrong = wrong_code()

    def guess(_nth):
        try:
            return tries(nina, wrong)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as clients:
        looked_at = sum(clients.map(guess, range(120)))

    assert looked_at == 5
    assert network.count("POST", "VerificationCheck") == 5


@pytest.mark.django_db
def test_number_that_became_ours_meanwhile_is_not_promised_to(nina):
    ask(nina)
    PoolNumberFactory(service=ProxyServiceFactory(), proxy_identifier=NINAS_PHONE)

    with pytest.raises(CodeNotAccepted, match="ShoppingPlace number"):
        verification.check_code(nina, Verification.objects.get().code)


@pytest.mark.django_db
def test_number_that_became_ours_meanwhile_is_nobodys_new_phone(verify_service):
    seller = tom()
    phone_number = PhoneNumber(NINAS_PHONE)
    verification.send_change_code(seller, phone_number)
    PoolNumberFactory(service=ProxyServiceFactory(), proxy_identifier=NINAS_PHONE)

    with pytest.raises(CodeNotAccepted, match="ShoppingPlace number"):
        verification.change_phone(seller, phone_number, Verification.objects.get().code)

    seller.refresh_from_db()
    assert seller.phone_number.reveal() == TOMS_PHONE


@pytest.mark.django_db
def test_kinds_of_lines_are_allowed_by_a_list(nina, settings):
    settings.SELLER_LINE_TYPES = ["landline"]

    with pytest.raises(NumberNotAccepted, match="service number"):
        ask(nina)


@pytest.mark.django_db
def test_what_no_limit_asks_about_any_more_is_forgotten(nina):
    with time_machine.travel(AT_NOON) as clock:
        ask(nina)
        clock.shift(timedelta(days=4))
        tasks.forget_counts()

        assert not PhoneCode.objects.exists()
        assert not LimitCounter.objects.exists()
