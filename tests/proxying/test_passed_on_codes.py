"""A seller about to text a log-in code to a buyer is stopped once, and told why."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from proxying import passed_on_codes
from proxying.models import PassedOnCode, SellerText
from tests.proxying.callbacks import contact, interaction
from tests.proxying.factories import BOBS_PHONE, TOMS_NUMBER, ProxyServiceFactory, tom

TOM = f"KP{2:032x}"
CODES = [
    "123456",
    " 4821 ",
    "83920174.",
    "G-123456",
    "123 456",
    "123-456",
    "1234 5678",
    "your code is 123456",
    "Your verification code is: 123456",
    "G-123456 is your Google verification code.",
    "<#> 123-456 is your WhatsApp code. Don't share it",
    "Use 998877 as your one-time password",
    "the OTP is 4821",
    "١٢٣٤٥٦",
]
NO_CODES = [
    "",
    "Is it still there?",
    "150",
    "$1500",
    "1.500",
    "I am at 1201 Grant Avenue",
    "My postal code is on the listing",
    "Pick it up at 5, gate code 44",
    "123456789",
    "2024 model, 12000 miles",
    "(K7Q2M)",
    "It was 1500, " + "and I told you all about the code of conduct " * 5,
]


@pytest.mark.parametrize("text", CODES)
def test_text_that_passes_on_a_code_is_seen(text):
    assert passed_on_codes.code_index(text)


@pytest.mark.parametrize("text", NO_CODES)
def test_other_text_is_left_alone(text):
    assert passed_on_codes.code_index(text) == ""


def test_same_code_is_known_in_other_words():
    assert passed_on_codes.code_index("123-456") == passed_on_codes.code_index("code: 123456")
    assert passed_on_codes.code_index("123456") != passed_on_codes.code_index("123457")


@pytest.fixture
def seller(db):
    """Bob has texted Tom, and Tom's texts come from ``TOM``."""
    ProxyServiceFactory(service_sid=f"KS{0:032x}")
    seller = tom()
    contact(BOBS_PHONE, TOMS_NUMBER, f"SM{1:032x}")
    interaction(inboundParticipantSid=f"KP{1:032x}", outboundParticipantSid=TOM)
    return seller


def text(body, n, *, sender=TOM):
    """Whether a text in the Session goes through, the *n*-th."""
    answer = interaction(
        "intercept_callback",
        interactionSid=f"KI{n:032x}",
        inboundResourceSid=f"SM{n:032x}",
        inboundParticipantSid=sender,
        interactionData=json.dumps({"body": body}),
    )
    return answer.status_code == 204


def test_seller_is_stopped_once_and_told_why(seller):
    assert not text("123456", 2)

    told = SellerText.objects.get()
    assert told.seller == seller
    assert "Never tell a code to anybody" in told.body
    assert "123456" not in told.body
    assert len(told.body) <= 320

    assert text("123456", 3)
    assert SellerText.objects.count() == 1


def test_same_text_told_twice_is_stopped_twice_and_warned_of_once(seller):
    assert not text("123456", 2)
    assert not text("123456", 2)

    assert SellerText.objects.count() == 1


def test_another_code_is_stopped_again(seller):
    assert not text("123456", 2)
    assert not text("your code is 654321", 3)


def test_after_ten_minutes_the_seller_is_warned_anew(seller):
    text("123456", 2)

    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert not text("123456", 3)


def test_buyer_may_text_any_number(seller):
    assert text("123456", 2, sender=f"KP{1:032x}")
    assert not SellerText.objects.exists()


def test_blocked_pair_is_not_warned_of_codes(seller):
    seller.blocks.create(buyer_index=seller.reserved_number.proxy_sessions.get().buyer_index)

    assert not text("123456", 2)
    assert not SellerText.objects.exists()


def test_neither_text_nor_code_is_kept(seller):
    text("your code is 123456", 2)

    assert "123456" not in str(PassedOnCode.objects.values())
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert passed_on_codes.forget_old() == 1
