"""Another phone for a seller: the old one is good until the code of the new one is right."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from listings.models import Notice
from proxying import provisioning, tasks
from proxying.models import ProxySession, Seller, SellerText
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning.ending import sessions_to_close
from tests.proxying.callbacks import contact
from tests.proxying.conftest import NO_CONNECTION
from tests.proxying.factories import (
    BETHS_PHONE,
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    SellerFactory,
    UserFactory,
    beth,
    tom,
)

pytestmark = pytest.mark.django_db

CHANGE = "/seller/phone/change/"
CODE = "/seller/phone/change/code/"
NUMBER = "/seller/number/"
NEW = "+14155550142"
PASSWORD = "Loud-bell-54"


@pytest.fixture(autouse=True)
def phones(verify_service):
    for name, number in (("New", NEW), ("Beth", BETHS_PHONE)):
        Client().post("/switchboard/phones/api/phones", {"name": name, "number": number})


@pytest.fixture
def toms(client):
    """Tom's browser, in which he has just given his password."""
    return logged_in(client, tom())


def logged_in(client, seller):
    seller.user.set_password(PASSWORD)
    seller.user.save()
    client.force_login(seller.user)
    prove(client)
    return client


def prove(client):
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


def code_on(phone):
    answer = Client().get(f"/switchboard/phones/api/phones/{phone}")
    return re.search(r"\b[0-9]{6}\b", answer.json()["messages"][0]["body"])[0]


def rings(dialled=TOMS_NUMBER, sid="CA" + "9" * 32):
    return contact(BOBS_PHONE, dialled, sid).json()["participantIdentifier"]


def test_new_phone_rings_once_its_code_is_right(toms):
    assert toms.post(CHANGE, {"phone_number": NEW}).url == CODE
    assert rings() == TOMS_PHONE

    assert toms.post(CODE, {"code": code_on(NEW)}).url == NUMBER

    assert rings() == NEW
    assert Seller.objects.get().reserved_number.proxy_identifier == TOMS_NUMBER


@pytest.fixture
def at_the_switchboard(client, service):
    """A browser of Tom's, whose old phone and number are really there."""
    Client().post("/switchboard/phones/api/phones", {"name": "Tom", "number": TOMS_PHONE})
    seller = SellerFactory(phone_number=PhoneNumber(TOMS_PHONE))
    tasks.reserve_number(str(provisioning.promise(seller).pk))
    return logged_in(client, seller)


def change(browser):
    browser.post(CHANGE, {"phone_number": NEW})
    return browser.post(CODE, {"code": code_on(NEW)})


def texts_on(phone):
    answer = Client().get(f"/switchboard/phones/api/phones/{phone}")
    return [message["body"] for message in answer.json()["messages"]]


def test_old_phone_is_told_and_then_forgotten(
    at_the_switchboard, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        change(at_the_switchboard)

    assert ["not this one" in body for body in texts_on(TOMS_PHONE)] == [True]
    text = SellerText.objects.get()
    assert text.sent_at
    assert text.former_phone_number is None


def test_old_phone_lies_sealed_until_it_is_told(toms):
    change(toms)

    with connection.cursor() as cursor:
        cursor.execute("select former_phone_number, body from proxying_sellertext")
        sealed, body = cursor.fetchone()
    assert SellerText.objects.get().former_phone_number == PhoneNumber(TOMS_PHONE)
    assert TOMS_PHONE[2:] not in sealed + body


def test_old_phone_that_takes_no_texts_is_forgotten_too(at_the_switchboard, network):
    change(at_the_switchboard)
    network.fail((400, '{"code": 21610, "message": "opted out", "status": 400}'), "/Messages.json")

    tasks.send_seller_texts()

    text = SellerText.objects.get()
    assert text.next_attempt_at is text.former_phone_number is None


def test_text_owed_before_goes_to_the_new_phone(at_the_switchboard):
    SellerText.objects.create(seller=Seller.objects.get(), body="Bob asks to buy.")
    change(at_the_switchboard)

    tasks.send_seller_texts()

    assert "Bob asks to buy." in texts_on(NEW)
    assert "Bob asks to buy." not in texts_on(TOMS_PHONE)


def test_account_is_told_by_mail(toms):
    change(toms)

    notice = Notice.objects.get()
    assert notice.user == Seller.objects.get().user
    assert "rings on the new phone" in notice.body
    assert NEW[2:] not in notice.body


def test_change_that_fails_tells_nobody(toms):
    beth()
    toms.post(CHANGE, {"phone_number": BETHS_PHONE})
    toms.post(CODE, {"code": code_on(BETHS_PHONE)})

    assert not SellerText.objects.exists()
    assert not Notice.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_browser_left_open_is_asked_for_the_password_first(toms, method):
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        answer = getattr(toms, method)(CHANGE, {"phone_number": NEW}, follow=True)

        assert answer.redirect_chain[-1][0].startswith("/accounts/reauthenticate/?next=")
        assert NEW[2:] not in str(dict(toms.session.items()))
        assert toms.get(CODE).url == CHANGE

        prove(toms)
        assert toms.get(CHANGE).status_code == 200


def test_wrong_code_changes_nothing(toms):
    toms.post(CHANGE, {"phone_number": NEW})
    wrong = "111111" if code_on(NEW) != "111111" else "222222"

    answer = toms.post(CODE, {"code": wrong})

    assert "not the code we sent" in answer.content.decode()
    assert rings() == TOMS_PHONE


def test_sessions_to_the_old_phone_are_to_be_closed_and_new_ones_stay(
    toms, django_capture_on_commit_callbacks
):
    rings()
    toms.post(CHANGE, {"phone_number": NEW})
    assert not sessions_to_close().exists()

    with django_capture_on_commit_callbacks() as nudges:
        toms.post(CODE, {"code": code_on(NEW)})
    rings(sid="CA" + "8" * 32)

    assert nudges
    assert sessions_to_close().get() == ProxySession.objects.earliest("created_at")


def test_anothers_phone_is_refused_only_after_its_code(toms):
    beth()

    assert toms.post(CHANGE, {"phone_number": BETHS_PHONE}).url == CODE
    answer = toms.post(CODE, {"code": code_on(BETHS_PHONE)})

    assert "belongs to another" in answer.content.decode()
    assert rings() == TOMS_PHONE


@pytest.mark.parametrize("phone", [TOMS_PHONE, TOMS_NUMBER, "12", "+442079460000", "\0"])
def test_phone_that_cannot_be_is_refused(toms, phone):
    answer = toms.post(CHANGE, {"phone_number": phone})

    assert answer.status_code == 200
    assert answer.context["form"].errors["phone_number"]


def test_codes_are_limited(toms):
    for _ in range(5):
        toms.post(CHANGE, {"phone_number": NEW})

    answer = toms.post(CHANGE, {"phone_number": NEW})

    assert "many codes" in answer.content.decode()


def test_provider_that_is_away_is_said_so(toms, network):
    network.fail(NO_CONNECTION, "/Verifications")

    answer = toms.post(CHANGE, {"phone_number": NEW})

    assert "in a few minutes" in answer.content.decode()


def test_code_page_without_a_new_phone_leads_back(toms):
    assert toms.get(CODE).url == CHANGE


def test_new_phone_of_one_seller_is_none_of_another_in_the_same_browser(toms):
    toms.post(CHANGE, {"phone_number": NEW})
    sealed = toms.session["new_phone"]
    toms.force_login(beth().user)
    session = toms.session
    session["new_phone"] = sealed
    session.save()

    assert toms.get(CODE).url == CHANGE


def test_new_phone_lies_sealed_in_the_session(toms):
    toms.post(CHANGE, {"phone_number": NEW})

    assert NEW[2:] not in str(dict(toms.session.items()))


@pytest.mark.parametrize("state", [{"suspended_at": timezone.now()}, {"phone_verified_at": None}])
@pytest.mark.parametrize("path", [CHANGE, CODE])
def test_suspended_and_unverified_sellers_change_nothing(toms, state, path):
    Seller.objects.update(**state)

    assert toms.post(path, {"phone_number": NEW, "code": "123456"}).url == NUMBER
    assert Seller.objects.get().phone_number == PhoneNumber(TOMS_PHONE)


def test_who_is_no_seller_is_sent_on(client):
    assert "/login/" in client.get(CHANGE).url
    client.force_login(UserFactory())
    assert client.get(CHANGE).url == NUMBER


def test_blocked_sessions_are_closed_by_their_task(service, bob_texts):
    seller = SellerFactory()
    tasks.reserve_number(str(tasks.provisioning.promise(seller).pk))
    bob_texts(seller.reserved_number.proxy_identifier)
    session = ProxySession.objects.get()
    seller.blocks.create(buyer_index=session.buyer_index)

    tasks.close_blocked_sessions(str(seller.pk))

    session.refresh_from_db()
    assert session.closed_at
