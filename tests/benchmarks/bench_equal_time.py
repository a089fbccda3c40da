"""``make bench``: whether time tells what the answers do not.

Callers who are turned away for different causes, and people who type an e-mail address that is
known or not, are timed in turns in one run, each beside whoever is nobody. What is nobody's is
timed twice, which says how much of a difference is chance.
"""

import os
import random
import time
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import Any

import pytest
from django.test import Client

from proxying import abuse, provisioning
from proxying.encryption import blind_index
from proxying.models import Block
from tests.proxying.callbacks import contact
from tests.proxying.factories import (
    BETHS_NUMBER,
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    ReservedNumberFactory,
    SellerFactory,
    an_account,
    beth,
    tom,
)

ROUNDS = int(os.environ.get("BENCH_CALLS", "500"))
FORM_ROUNDS = int(os.environ.get("BENCH_FORMS", "50"))
# Of the medians. What lies between us and a caller varies by far more.
MOST = 1.3

SUSPENDED, RESTING, NOBODYS = "+14153330001", "+14153330002", "+14159990000"
SPAMMERS_PHONE = "+14154440000"
PASSWORD = "a long enough sentence"

pytestmark = pytest.mark.django_db

type Asked = dict[str, Callable[[], object]]


def medians(asked: Asked, rounds: int) -> dict[str, float]:
    """Milliseconds, from as many *rounds*, in each of which all are asked in another order."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    order = list(asked)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            began = time.perf_counter()
            asked[name]()
            times[name].append((time.perf_counter() - began) * 1000)
    return {name: median(some) for name, some in times.items()}


def judge(what: str, asked: Asked, rounds: int) -> None:
    """The first of *asked* is the reference."""
    measured = medians(asked, rounds)
    reference = next(iter(measured.values()))
    print(f"\n{what}, {rounds} rounds{'ms':>30}{'ratio':>8}")
    for name, ms in measured.items():
        print(f"  {name:<46}{ms:8.2f}{ms / reference:8.2f}")
    told = {name for name, ms in measured.items() if not 1 / MOST < ms / reference < MOST}
    assert not told, told


@pytest.mark.parametrize(("kind", "what"), [("CA", "Calls"), ("SM", "Texts")])
def test_who_is_turned_away_cannot_tell_why_by_time(kind: str, what: str) -> None:
    Block.objects.create(seller=tom(), buyer_index=blind_index(BOBS_PHONE))
    beth()
    spammed = SellerFactory()
    ReservedNumberFactory(seller=spammed, proxy_identifier=SUSPENDED)
    provisioning.suspend(spammed, "spam")
    ReservedNumberFactory(quarantined=True, proxy_identifier=RESTING)
    abuse.quarantine(blind_index(SPAMMERS_PHONE))
    sids = (f"{kind}{n:032x}" for n in count(1))

    def calls(caller: str, dialled: str) -> Callable[[], object]:
        return lambda: contact(caller, dialled, next(sids))

    judge(
        what,
        {
            "nobody's number": calls(BOBS_PHONE, NOBODYS),
            "nobody's number, once more": calls(BOBS_PHONE, NOBODYS),
            "the seller's own number": calls(TOMS_PHONE, TOMS_NUMBER),
            "a blocked buyer": calls(BOBS_PHONE, TOMS_NUMBER),
            "a suspended seller": calls(BOBS_PHONE, SUSPENDED),
            "a quarantined number": calls(BOBS_PHONE, RESTING),
            "a caller in quarantine": calls(SPAMMERS_PHONE, BETHS_NUMBER),
            "one of our own numbers": calls(BETHS_NUMBER, TOMS_NUMBER),
        },
        ROUNDS,
    )


@pytest.mark.parametrize("page", ["login", "signup", "password/reset"])
def test_who_types_an_address_cannot_tell_by_time_whether_it_is_known(
    page: str, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    settings.ACCOUNT_RATE_LIMITS = False
    known = an_account("bob", PASSWORD)
    strangers = (f"eve{n}@example.com" for n in count())

    def types(address: Callable[[], str]) -> Callable[[], object]:
        def post() -> object:
            typed = address()
            fields = {
                "login": {"login": typed, "password": "wrong"},
                "signup": {"email": typed, "password1": PASSWORD},
                "password/reset": {"email": typed},
            }[page]
            return Client().post(f"/accounts/{page}/", fields)

        return post

    judge(
        page,
        {
            "an address nobody has": types(lambda: next(strangers)),
            "an address nobody has, once more": types(lambda: next(strangers)),
            "an address that is known": types(lambda: known.email),
        },
        FORM_ROUNDS,
    )
