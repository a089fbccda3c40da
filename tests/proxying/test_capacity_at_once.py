"""Two workers with the same nudge, on real connections: one Service opened, one Session closed."""

from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, connections

from proxying import capacity
from proxying.models import PlannedService, ProxyService, ProxySession
from proxying.switchboard.models import Service
from tests.proxying.test_capacity import (  # noqa: F401 (fixtures)
    buyers_connected,
    clock,
    full,
    number,
    text,
)
from tests.proxying.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)

# More than the work has: each place between two of its statements has its turn.
PLACES = range(8)


@contextmanager
def meanwhile(nth, other):
    """Another worker does all of *other* just before our *nth* statement."""
    state = {"left": nth}

    def run():
        try:
            other()
        finally:
            connections.close_all()

    def statement(execute, sql, params, many, context):
        # A transaction is the switchboard's own here, and may hold what the other waits for.
        if not connection.in_atomic_block:
            state["left"] -= 1
            if state["left"] == -1:
                thread = Thread(target=run)
                thread.start()
                thread.join()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(statement):
        yield


@pytest.fixture
def crowded(number, clock):  # noqa: F811
    """Tom talks with three buyers, as many as his pool has numbers."""
    for n in range(3):
        clock.shift(timedelta(minutes=2))
        text(n, number)
    clock.shift(timedelta(minutes=2))
    return number


@pytest.mark.parametrize("nth", PLACES)
def test_room_made_by_two_workers_closes_one_session(crowded, nth):
    def make_room():
        return capacity.make_room(crowded.service, crowded.seller_id)

    with meanwhile(nth, make_room):
        make_room()

    assert buyers_connected() == {1, 2}
    assert ProxySession.objects.filter(closed_at=None).count() == 2


def test_room_made_at_once_is_counted_once(crowded):
    closed = at_once(*[lambda: capacity.make_room(crowded.service, crowded.seller_id)] * 4)

    assert sum(closed) == 1
    assert buyers_connected() == {1, 2}


@pytest.mark.parametrize("nth", PLACES)
def test_service_opened_by_two_workers_is_one(full, nth):  # noqa: F811
    def open_what_is_due():
        capacity.plan_services()
        for pk in capacity.due_services():
            capacity.open_service(pk)

    with meanwhile(nth, open_what_is_due):
        open_what_is_due()

    assert ProxyService.objects.count() == Service.objects.count() == 2
    assert not PlannedService.objects.exists()


def test_service_planned_and_opened_at_once_is_one(full):  # noqa: F811
    def open_what_is_due():
        capacity.plan_services()
        return [capacity.open_service(pk) for pk in capacity.due_services()]

    at_once(*[open_what_is_due] * 4)

    assert ProxyService.objects.count() == Service.objects.count() == 2
