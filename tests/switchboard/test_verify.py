"""Codes that prove a phone, through Twilio's own client."""

import re

import pytest

from proxying.switchboard.models import VerifyService
from tests.switchboard.cast import BOB, TOM, refused


@pytest.fixture
def verify(twilio, phones):
    created = twilio.verify.v2.services.create(friendly_name="ShoppingPlace")
    return twilio.verify.v2.services(created.sid)


def send(verify, to=TOM):
    return verify.verifications.create(to=to, channel="sms")


def check(verify, code, to=TOM):
    return verify.verification_checks.create(to=to, code=code).status


def code_on(phones, number=TOM):
    return re.search(r"\d{6}$", phones.texts(number)[0][2])[0]


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_code_arrives_and_is_approved_once(verify, phones):
    assert send(verify).status == "pending"
    code = code_on(phones)

    assert check(verify, code) == "approved"
    with refused(20404, 404):
        check(verify, code)


def test_wrong_code_stays_pending_and_the_right_one_still_counts(verify, phones):
    send(verify)
    code = code_on(phones)

    assert check(verify, wrong(code)) == "pending"
    assert check(verify, code) == "approved"


def test_sixth_check_is_refused_even_if_right(verify, phones):
    send(verify)
    code = code_on(phones)
    for _ in range(5):
        check(verify, wrong(code))

    with refused(60202, 429):
        check(verify, code)
    with refused(20404, 404):
        check(verify, code)
    send(verify)
    assert check(verify, code_on(phones)) == "approved"


def test_code_is_sent_again_five_times_in_all(verify, phones):
    for _ in range(5):
        sent = send(verify)
    assert len(sent.send_code_attempts) == 5
    assert len({body for *_, body in phones.texts(TOM)}) == 1

    with refused(60203, 429):
        send(verify)
    assert len(phones.texts(TOM)) == 5


def test_code_expires_after_ten_minutes_and_the_next_is_another(verify, phones, clock):
    first = send(verify)
    code = code_on(phones)
    clock.shift(601)

    with refused(20404, 404):
        check(verify, code)
    assert send(verify).sid != first.sid
    assert code_on(phones) != code


def test_code_of_one_phone_does_not_prove_another(verify, phones):
    send(verify, TOM)
    send(verify, BOB)
    code = code_on(phones, BOB)
    assert code != code_on(phones, TOM)

    assert check(verify, code, to=TOM) == "pending"


def test_number_that_nobody_has_gets_the_same_answer(verify):
    assert send(verify, "+14158880000").status == "pending"


@pytest.mark.parametrize(
    ("to", "code", "status"), [("Tom", 60200, 400), ("+442079460000", 60205, 403)]
)
def test_number_that_cannot_get_a_code_is_refused(verify, to, code, status):
    with refused(code, status):
        send(verify, to)


def test_call_and_missing_code_are_refused(verify):
    with refused(60200):
        verify.verifications.create(to=TOM, channel="call")
    with refused(60200):
        verify.verification_checks.create(to=TOM, code="")
    with refused(60200):
        verify.verification_checks.create(code="123456")


def test_canceled_verification_cannot_be_checked(verify, phones):
    sid = send(verify).sid

    assert verify.verifications(sid).update(status="canceled").status == "canceled"
    assert verify.verifications(sid).fetch().status == "canceled"
    with refused(20404, 404):
        check(verify, code_on(phones))


def test_service_says_how_long_its_codes_are(twilio, phones):
    created = twilio.verify.v2.services.create(friendly_name="Short", code_length=4)
    service = twilio.verify.v2.services(created.sid)
    send(service)

    assert service.fetch().code_length == 4
    assert re.search(r": \d{4}$", phones.texts(TOM)[0][2])


def test_unknown_service_is_not_found(twilio, phones):
    with refused(20404, 404):
        send(twilio.verify.v2.services("VA" + "0" * 32))
    assert not VerifyService.objects.exists()
