"""Who is turned away cannot tell why: same bytes, same headers, as many statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proxying import abuse
from proxying.encryption import blind_index
from proxying.models import ReservedNumber
from tests.proxying.callbacks import contact
from tests.proxying.factories import BOBS_PHONE, TOMS_NUMBER, tom
from tests.proxying.test_routing import (
    blocked_buyer,
    loop_from_another_sellers_number,
    nobodys_number,
    quarantined_number,
    suspended_seller,
    toms_own_number,
)

A_CALL = "CA" + "1" * 32
A_TEXT = "SM" + "1" * 32

pytestmark = pytest.mark.django_db


def caller_in_quarantine():
    tom()
    abuse.quarantine(blind_index(BOBS_PHONE))
    return BOBS_PHONE, TOMS_NUMBER


def number_that_was_called_this_hour():
    """That a resting number is dialled is written down once an hour, whoever does it."""
    caller = quarantined_number()
    ReservedNumber.objects.get().note_contact()
    return caller


def one_too_many(settings):
    tom()
    settings.CONTACTS_OF_A_PAIR_AN_HOUR = 0
    return BOBS_PHONE, TOMS_NUMBER


CAUSES = [
    nobodys_number,
    toms_own_number,
    blocked_buyer,
    suspended_seller,
    number_that_was_called_this_hour,
    caller_in_quarantine,
    loop_from_another_sellers_number,
]


def answer(caller, sid):
    with CaptureQueriesContext(connection) as queries:
        response = contact(*caller, sid)
    return response.status_code, dict(response.items()), response.content, len(queries)


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("sid", [A_CALL, A_TEXT])
def test_every_cause_looks_and_costs_the_same(cause, sid):
    stranger = answer((BOBS_PHONE, "+14159990000"), sid)

    assert answer(cause(), sid) == stranger


@pytest.mark.parametrize("sid", [A_CALL, A_TEXT])
def test_caller_over_a_limit_hears_what_all_hear(settings, sid):
    stranger = answer((BOBS_PHONE, "+14159990000"), sid)

    assert answer(one_too_many(settings), sid)[:3] == stranger[:3]
