"""Limits that hold to the last turn."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from proxying import limits
from proxying.models import LimitCounter

A_MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_a_key_has_so_many_turns_and_no_more():
    assert [limits.take("codes.a", limit=3, window=A_MINUTE) for _ in range(5)] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert limits.taken("codes.a", window=A_MINUTE) == 3
    assert limits.take("codes.b", limit=3, window=A_MINUTE)
    assert not limits.take("codes.c", limit=0, window=A_MINUTE)


@pytest.mark.django_db
def test_the_next_window_has_turns_of_its_own():
    with time_machine.travel("2026-03-01 12:00:59+00:00", tick=False):
        assert limits.take("codes.a", limit=1, window=A_MINUTE)
        assert not limits.take("codes.a", limit=1, window=A_MINUTE)
    with time_machine.travel("2026-03-01 12:01:00+00:00", tick=False):
        assert limits.take("codes.a", limit=1, window=A_MINUTE)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_turn_too_many():
    def grab(_turn: int) -> bool:
        try:
            return limits.take("codes.a", limit=25, window=timedelta(days=1))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as clients:
        assert sum(clients.map(grab, range(200))) == 25


@pytest.mark.django_db
def test_old_counters_are_forgotten():
    with time_machine.travel("2026-03-01 12:00:00+00:00"):
        limits.take("codes.a", limit=1, window=A_MINUTE)
    limits.take("codes.a", limit=1, window=A_MINUTE)

    assert limits.forget_old() == 1
    assert LimitCounter.objects.count() == 1
