"""Whether an address or a phone is known cannot be told, by no answer nor by the work for it."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.proxying.factories import BETHS_PHONE, UserFactory, an_account, beth

KNOWN = "bob@example.com"
UNKNOWN = "eve@example.com"
PASSWORD = "a long enough sentence"

_SECRET_PARTS = re.compile(
    rb'name="csrfmiddlewaretoken" value="\w+"|' + rb"(?:bob|eve)@example\.com"
)
_OWN = {"Set-Cookie", "Content-Length", "Expires"}


class CountingHasher(MD5PasswordHasher):
    """Stands for Argon2, whose time is what would tell."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    cookies: frozenset[str]
    body: bytes
    hashed: int
    mails: int


@pytest.fixture(autouse=True)
def bob(db: None, settings: Any) -> User:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    return an_account("bob", PASSWORD)


def post(url: str, **typed: str) -> Answer:
    """What a browser that was never here before gets."""
    client, hashed, mails = Client(), CountingHasher.hashed, len(mail.outbox)
    client.get(url)
    response = client.post(url, typed)
    return Answer(
        response.status_code,
        {name: value for name, value in response.items() if name not in _OWN},
        frozenset(response.cookies),
        _SECRET_PARTS.sub(b"", response.content),
        CountingHasher.hashed - hashed,
        len(mail.outbox) - mails,
    )


def statements(url: str, **typed: str) -> int:
    client = Client()
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        client.post(url, typed)
    return len(queries)


def test_log_in_with_a_wrong_password_does_not_tell_who_is_known() -> None:
    known = post("/accounts/login/", login=KNOWN, password="wrong")

    assert known == post("/accounts/login/", login=UNKNOWN, password="wrong")
    assert known.hashed == 1


def test_log_in_to_an_account_without_a_password_does_not_tell(bob: User) -> None:
    bob.set_unusable_password()
    bob.save()

    known = post("/accounts/login/", login=KNOWN, password="wrong")

    assert known == post("/accounts/login/", login=UNKNOWN, password="wrong")


def test_sign_up_does_not_tell_who_is_known() -> None:
    known = post("/accounts/signup/", email=KNOWN, password1=PASSWORD)

    assert known == post("/accounts/signup/", email=UNKNOWN, password1=PASSWORD)
    assert (known.status, known.mails) == (302, 1)


def test_sign_up_works_as_hard_for_a_known_address() -> None:
    known = statements("/accounts/signup/", email=KNOWN, password1=PASSWORD)

    assert known == statements("/accounts/signup/", email=UNKNOWN, password1=PASSWORD)


def test_only_the_holder_of_the_address_reads_that_there_is_an_account() -> None:
    post("/accounts/signup/", email=UNKNOWN, password1=PASSWORD)
    assert "an account with your address already" not in mail.outbox[-1].body

    post("/accounts/signup/", email=KNOWN, password1=PASSWORD)
    assert "an account with your address already" in mail.outbox[-1].body
    assert mail.outbox[-1].to == [KNOWN]


def test_account_made_with_anothers_address_gets_nowhere_near_theirs(bob: User) -> None:
    """Mallory signs up with Bob's address; his log-in, his reset and his address stay his."""
    post("/accounts/signup/", email=KNOWN, password1="Mallory's own sentence")

    as_mallory = Client()
    as_mallory.post("/accounts/login/", {"login": KNOWN, "password": "Mallory's own sentence"})
    assert "_auth_user_id" not in as_mallory.session

    as_bob = Client()
    as_bob.post("/accounts/login/", {"login": KNOWN, "password": PASSWORD})
    assert as_bob.session["_auth_user_id"] == str(bob.pk)

    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": KNOWN})
    assert len(mail.outbox) == 1
    assert EmailAddress.objects.filter(email=KNOWN, verified=True).get().user == bob


def test_reset_does_not_tell_who_is_known() -> None:
    known = post("/accounts/password/reset/", email=KNOWN)

    assert known == post("/accounts/password/reset/", email=UNKNOWN)
    assert (known.status, known.mails) == (302, 1)


def test_reset_works_as_hard_for_an_unknown_address() -> None:
    known = statements("/accounts/password/reset/", email=KNOWN)

    assert abs(known - statements("/accounts/password/reset/", email=UNKNOWN)) <= 1


def test_new_address_of_an_account_does_not_tell_who_is_known() -> None:
    answers = []
    for address in (KNOWN, UNKNOWN):
        client = Client()
        client.force_login(UserFactory())
        response = client.post("/accounts/email/", {"email": address, "action_add": ""})
        answers.append((response.status_code, _SECRET_PARTS.sub(b"", response.content)))

    assert answers[0] == answers[1]


# The phone


def ask_for_a_code(phone: str) -> tuple[int, str, bytes, int]:
    """Status and address of the answer, the page behind it, and how many statements it took."""
    client = Client()
    client.force_login(UserFactory())
    with CaptureQueriesContext(connection) as queries:
        response = client.post("/seller/phone/", {"display_name": "Nina", "phone_number": phone})
    page = client.get(response["Location"])
    shown = _SECRET_PARTS.sub(b"", page.content).replace(phone[-2:].encode(), b"")
    return response.status_code, response["Location"], shown, len(queries)


def test_phone_of_another_seller_is_asked_for_its_code_like_any(settings: Any) -> None:
    call_command("seed_switchboard", verify_service=settings.TWILIO_VERIFY_SERVICE_SID, verbosity=0)
    beth()

    assert ask_for_a_code(BETHS_PHONE) == ask_for_a_code("+14155550166")
