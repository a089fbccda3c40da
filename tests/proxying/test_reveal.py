"""Staff read a private number only with a permission, a reason and a record of both."""

import base64
import logging
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.test import Client

from proxying.models import PhoneNumberReveal, Seller
from tests.proxying.factories import TOMS_PHONE, UserFactory, tom

pytestmark = pytest.mark.django_db

WHY = "Police asked, case 17"


@pytest.fixture
def seller() -> Seller:
    return tom()


def fresh_key(name: str) -> str:
    return f"{name}:{base64.b64encode(bytes(32)).decode()}"


def staff_with(*codenames: str) -> Client:
    staff = UserFactory(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def olga() -> Client:
    return staff_with("view_seller", "reveal_phone_number", "view_phonenumberreveal")


def address(seller: Seller) -> str:
    return f"/admin/proxying/seller/{seller.pk}/reveal/"


def ask(client: Client, seller: Seller, reason: str = WHY) -> Any:
    """Opens the page and sends its form."""
    ticket = client.get(address(seller)).context["ticket"]
    return client.post(address(seller), {"reason": reason, "ticket": ticket})


def shows_the_number(text: str) -> bool:
    return TOMS_PHONE[2:] in "".join(filter(str.isdigit, text))


def test_number_is_shown_to_who_may_and_says_why(olga: Client, seller: Seller) -> None:
    answer = ask(olga, seller)

    assert TOMS_PHONE in answer.text
    assert "no-store" in answer["Cache-Control"]
    record = PhoneNumberReveal.objects.get()
    assert (record.seller, record.reason) == (seller, WHY)
    assert record.staff == User.objects.get(is_staff=True)


def test_number_is_in_no_log_record_or_session(
    olga: Client, seller: Seller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(olga, seller)

    entry = LogEntry.objects.get()
    assert entry.get_change_message() == f"Private number revealed: {WHY}"
    assert caplog.text
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    for text in (caplog.text, str(vars(entry)), *sessions):
        assert not shows_the_number(text)


@pytest.mark.parametrize("permissions", [["view_seller", "change_seller"], ["reveal_phone_number"]])
def test_without_permission_nothing_is_shown_or_recorded(
    seller: Seller, permissions: list[str]
) -> None:
    mallory = staff_with(*permissions)

    assert mallory.get(address(seller)).status_code == 403
    answer = mallory.post(address(seller), {"reason": WHY})

    assert answer.status_code == 403
    assert not PhoneNumberReveal.objects.exists()
    assert not LogEntry.objects.exists()


def test_sellers_themselves_get_no_further_than_the_log_in(seller: Seller) -> None:
    client = Client()
    client.force_login(seller.user)

    assert client.post(address(seller), {"reason": WHY}).status_code == 302
    assert not PhoneNumberReveal.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "because", "to call", "x y " + "z" * 300])
def test_without_a_proper_reason_nothing_is_shown(
    olga: Client, seller: Seller, reason: str
) -> None:
    answer = ask(olga, seller, reason)

    assert answer.context["form"].errors
    assert not shows_the_number(answer.text)
    assert not PhoneNumberReveal.objects.exists()


def test_reason_with_a_number_is_not_kept(olga: Client, seller: Seller) -> None:
    answer = ask(olga, seller, "He said +1 415 234 5555 is his")

    assert "Leave phone numbers out" in answer.text
    assert not PhoneNumberReveal.objects.exists()


def test_looking_at_the_page_shows_nothing(olga: Client, seller: Seller) -> None:
    ask(olga, seller)

    assert not shows_the_number(olga.get(address(seller)).text)


def test_reloading_the_answer_shows_nothing_and_records_nothing(
    olga: Client, seller: Seller
) -> None:
    ticket = olga.get(address(seller)).context["ticket"]
    form = {"reason": WHY, "ticket": ticket}
    olga.post(address(seller), form)

    again = olga.post(address(seller), form)

    assert not shows_the_number(again.text)
    assert PhoneNumberReveal.objects.count() == 1


def test_number_is_not_shown_when_it_cannot_be_recorded(
    olga: Client, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = olga.get(address(seller)).context["ticket"]
    olga.raise_request_exception = False
    monkeypatch.setattr(PhoneNumberReveal._meta.get_field("reason"), "column", "gone")

    answer = olga.post(address(seller), {"reason": WHY, "ticket": ticket})

    assert answer.status_code == 500
    assert not shows_the_number(answer.text)


def test_number_that_does_not_open_says_so(olga: Client, seller: Seller, settings: Any) -> None:
    settings.PHONE_NUMBER_KEYS = [fresh_key("another")]

    answer = ask(olga, seller)

    assert "The number cannot be opened" in answer.text
    assert PhoneNumberReveal.objects.count() == 1


def test_request_without_a_token_is_refused(seller: Seller) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert client.post(address(seller), {"reason": WHY}).status_code == 403
    assert not PhoneNumberReveal.objects.exists()


def test_reveals_are_listed_and_cannot_be_changed(olga: Client, seller: Seller) -> None:
    ask(olga, seller)
    reveals = "/admin/proxying/phonenumberreveal/"

    assert WHY in olga.get(reveals).text
    record = PhoneNumberReveal.objects.get()
    assert olga.get(f"{reveals}{record.pk}/change/").status_code == 200
    boss = Client()
    boss.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert boss.post(f"{reveals}{record.pk}/delete/", {"post": "yes"}).status_code == 403
    assert boss.get(f"{reveals}add/").status_code == 403


@pytest.mark.parametrize(("permission", "offered"), [("reveal_phone_number", True), ("x", False)])
def test_sellers_page_offers_it_to_who_may(seller: Seller, permission: str, offered: bool) -> None:
    client = staff_with("view_seller", permission)

    page = client.get(f"/admin/proxying/seller/{seller.pk}/change/").text

    assert ("Show the private number" in page) is offered
    assert not shows_the_number(page)
