"""A process dies in the midst of a change: what was remembered before it stays forgotten."""

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction

from proxying import last_known_good, provisioning
from tests.proxying.callbacks import contact
from tests.proxying.factories import BOBS_PHONE, TOMS_NUMBER, tom
from tests.proxying.outages import database_away

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_remembered():
    last_known_good.nearby.clear()
    yield
    last_known_good.nearby.clear()


def let_minutes_pass(minutes):
    """For Redis, which has a clock of its own."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter("proxying.*"):
        client.pexpire(key, max(0, client.pttl(key) - minutes * 60_000))


@pytest.mark.parametrize("minutes", [0, 2, 14])
def test_suspended_seller_is_not_rung_after_a_crash(minutes):
    seller = tom()
    contact(BOBS_PHONE, TOMS_NUMBER, "CA" + "1" * 32)
    # Commits, and dies before what was to happen on commit.
    with transaction.atomic():
        provisioning.suspend(seller, "spam")
        connection.run_on_commit.clear()
    let_minutes_pass(minutes)

    with database_away():
        answer = contact(BOBS_PHONE, TOMS_NUMBER, "CA" + "2" * 32)

    assert b"participantIdentifier" not in answer.content
