"""Whose phone is it? The codes arrive on the switchboard's phones."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from proxying import verification
from proxying.codes import CodeNotAccepted, NumberNotAccepted
from proxying.models import ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.switchboard.models import Message, Phone
from tests.proxying.conftest import NO_CONNECTION
from tests.proxying.factories import (
    TOMS_NUMBER,
    PoolNumberFactory,
    SellerFactory,
    tom,
)

NEW_PHONE = "+14155550123"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def phone(verify_service):
    return Phone.objects.create(number=NEW_PHONE, name="Nora")


@pytest.fixture
def nora():
    return SellerFactory(unverified=True, phone_number=None)


def code_on(number=NEW_PHONE):
    text = Message.objects.filter(to=number).latest("date_created")
    return "".join(filter(str.isdigit, text.body))[:6]


def ask(seller, number=NEW_PHONE):
    verification.send_code(seller, PhoneNumber(number))


def test_right_code_proves_phone_and_promises_a_number(nora):
    ask(nora)

    number = verification.check_code(nora, code_on())

    nora.refresh_from_db()
    assert nora.phone_verified_at
    assert nora.phone_number == PhoneNumber(NEW_PHONE)
    assert (number.seller, number.status) == (nora, ReservedNumber.Status.PENDING)


def test_right_code_twice_promises_one_number(nora):
    ask(nora)
    code = code_on()

    assert verification.check_code(nora, code) == verification.check_code(nora, code)


def test_wrong_code_proves_nothing(nora):
    ask(nora)
    wrong = f"{(int(code_on()) + 1) % 1_000_000:06}"

    with pytest.raises(CodeNotAccepted, match="not the code"):
        verification.check_code(nora, wrong)

    assert not ReservedNumber.objects.exists()


def test_sixth_wrong_code_is_one_too_many(nora):
    ask(nora)
    wrong = f"{(int(code_on()) + 1) % 1_000_000:06}"
    for _ in range(5):
        with pytest.raises(CodeNotAccepted):
            verification.check_code(nora, wrong)

    with pytest.raises(CodeNotAccepted, match="new"):
        verification.check_code(nora, code_on())


def test_expired_code_says_so(nora):
    ask(nora)
    code = code_on()

    with (
        time_machine.travel(timezone.now() + timedelta(minutes=11)),
        pytest.raises(CodeNotAccepted, match="expired"),
    ):
        verification.check_code(nora, code)


def test_sixth_code_is_one_too_many(nora):
    for _ in range(5):
        ask(nora)

    with pytest.raises(NumberNotAccepted, match="Too many codes"):
        ask(nora)


@pytest.mark.parametrize("code", ["", "abc", "1", "9" * 40, "١٢٣٤٥٦", "\x00"])
def test_nonsense_is_not_the_code(nora, code):
    ask(nora)

    with pytest.raises(CodeNotAccepted):
        verification.check_code(nora, code)


def test_code_before_a_number_asks_for_the_number(nora):
    with pytest.raises(CodeNotAccepted, match="number first"):
        verification.check_code(nora, "123456")


def test_code_proves_the_phone_it_was_sent_to(nora):
    """In another tab the number is changed between sending and checking."""
    ask(nora)
    code = code_on()
    stale = Seller.objects.get(pk=nora.pk)
    assert stale.phone_number == PhoneNumber(NEW_PHONE)
    nora.phone_number = PhoneNumber("+14155550199")
    nora.save()

    with pytest.raises(CodeNotAccepted, match="changed"):
        verification.check_code(stale, code)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+19002345678", "service number"),
        ("+18005551212", "service number"),
        ("+442071838750", "verify phones in: US"),
        ("+14155550111", "ShoppingPlace number"),
        (TOMS_NUMBER, "ShoppingPlace number"),
        ("+14151111234", "no such phone number"),
    ],
)
def test_unfit_number_is_refused_with_the_reason(nora, number, reason):
    tom()
    PoolNumberFactory(proxy_identifier="+14155550111")

    with pytest.raises(NumberNotAccepted, match=reason):
        ask(nora, number)

    assert Seller.objects.get(pk=nora.pk).phone_number is None


def test_number_the_network_knows_is_accepted_though_the_plan_does_not(nora):
    """New ranges are in use before the libraries hear of them."""
    Phone.objects.create(number="+14151117777", name="Nora's other phone")

    ask(nora, "+14151117777")

    assert verification.check_code(nora, code_on("+14151117777"))


def test_phone_of_another_seller_is_refused_only_to_who_holds_it(nora):
    verified = SellerFactory(phone_number=PhoneNumber(NEW_PHONE))

    ask(nora)
    with pytest.raises(CodeNotAccepted, match="another ShoppingPlace account"):
        verification.check_code(nora, code_on())

    nora.refresh_from_db()
    assert nora.phone_verified_at is None
    assert not verified.reserved_numbers.exists()


def test_verified_seller_cannot_be_moved_to_another_phone(nora):
    ask(nora)
    verification.check_code(nora, code_on())

    with pytest.raises(NumberNotAccepted, match="verified already"):
        ask(nora, "+14155550199")


@pytest.mark.parametrize("fault", [429, 503, NO_CONNECTION])
def test_twilio_away_is_said_in_words(nora, network, fault):
    network.fail(fault, "/Verifications")

    with pytest.raises(NumberNotAccepted, match="try again"):
        ask(nora)


@pytest.mark.parametrize("fault", [429, 503, NO_CONNECTION])
def test_twilio_away_at_the_check_is_said_in_words(nora, network, fault):
    ask(nora)
    network.fail(fault, "/VerificationCheck")

    with pytest.raises(CodeNotAccepted, match="try again"):
        verification.check_code(nora, code_on())


def test_lookup_closed_for_us_leaves_the_word_to_verify(nora, network):
    network.fail(403, "/PhoneNumbers/", method="GET")

    ask(nora)

    assert verification.check_code(nora, code_on())
