"""Many requests at once meet a rule: each is counted once, and no more than asked are struck."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from proxying.switchboard.models import Fault, JournalEntry

REQUESTS = 120


def ask(_number):
    try:
        return Client().get("/switchboard/proxy/v1/Services").status_code
    finally:
        connection.close()


def struck_of_many():
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(ask, range(REQUESTS))).count(500)


@pytest.mark.django_db(transaction=True)
def test_rule_counts_every_request_and_ends_exactly():
    rule = Fault.objects.create(kind="error_500", chance=0.7, times=30)

    assert struck_of_many() == 30

    rule.refresh_from_db()
    assert (rule.seen, rule.struck) == (REQUESTS, 30)
    assert JournalEntry.objects.count() == REQUESTS


@pytest.mark.django_db(transaction=True)
def test_as_many_are_struck_in_whichever_order_they_come():
    drawn = Fault(kind="error_500", chance=0.5, seed="storm")
    wanted = 0
    for drawn.seen in range(1, REQUESTS + 1):
        wanted += drawn.draw("strike") < drawn.chance

    Fault.objects.create(kind="error_500", chance=0.5, seed="storm")

    assert struck_of_many() == wanted
