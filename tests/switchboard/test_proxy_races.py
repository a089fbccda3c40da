"""Two at once: a pair of numbers leads to one Session, whoever is first.

On PostgreSQL through the API; on SQLite in a process of its own.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from twilio.base.exceptions import TwilioRestException

from proxying.switchboard.models import IncomingPhoneNumber, Participant, Purchase
from tests.switchboard.cast import (
    BETH,
    BOB,
    MALLORY,
    POOL_1,
    POOL_2,
    POOL_3,
    TOM,
    TOMS_NUMBER,
    own,
)
from tests.switchboard.conftest import client_of


@pytest.fixture
def service(transactional_db):
    """An empty Service, committed, so that every thread sees it."""
    services = client().proxy.v1.services
    return services(services.create("shop").sid)


def client():
    return client_of(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKENS[0])


def at_once(*acts):
    """Run all in threads; of each what it returned, or the error number it was refused with."""

    def run(act):
        try:
            return act()
        except TwilioRestException as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def create(service, *people, **fields):
    return lambda: service.sessions.create(participants=list(people), **fields).sid


def test_each_of_many_sessions_at_once_gets_another_number(service):
    for number in (POOL_1, POOL_2, POOL_3):
        service.phone_numbers.create(sid=own(number))
    results = at_once(*[create(service, {"Identifier": TOM})] * 6)
    given = Participant.objects.active().values_list("proxy_identifier", flat=True)
    assert sorted(given) == [POOL_1, POOL_2, POOL_3]
    assert results.count(80208) == 3


def test_two_texts_of_one_stranger_make_one_session(service):
    service.phone_numbers.create(sid=own(TOMS_NUMBER), is_reserved=True)
    for number in (POOL_1, POOL_2):
        service.phone_numbers.create(sid=own(number))
    bob = {"Identifier": BOB, "ProxyIdentifier": TOMS_NUMBER}
    results = at_once(*[create(service, bob, {"Identifier": TOM})] * 4)
    assert results.count(80604) == 3
    assert len(service.sessions.list()) == 1


def test_one_unique_name_makes_one_session(service):
    results = at_once(*[create(service, unique_name="talk")] * 4)
    assert results.count(80603) == 3


def test_people_in_either_order_do_not_lock_each_other_out(service):
    for last in range(8):
        service.phone_numbers.create(sid=own(f"+1415333010{last}"))
    tom, bob = {"Identifier": TOM}, {"Identifier": BOB}
    results = at_once(*[create(service, tom, bob), create(service, bob, tom)] * 4)
    assert all(str(result).startswith("KC") for result in results)


def test_third_participant_does_not_slip_in(service):
    service.phone_numbers.create(sid=own(POOL_1))
    participants = service.sessions(service.sessions.create().sid).participants
    joins = [lambda one=one: participants.create(one).sid for one in (TOM, BETH, BOB, MALLORY)]
    assert at_once(*joins).count(80609) == 2


@pytest.mark.parametrize("attempt", range(3))
def test_number_leaves_or_is_used_but_not_both(service, attempt):
    number = service.phone_numbers(service.phone_numbers.create(sid=own(POOL_1)).sid)
    left, used = at_once(number.delete, create(service, {"Identifier": TOM}))
    assert (left, used) == (True, 80205) or (left == 80611 and used.startswith("KC"))


@pytest.mark.parametrize("attempt", range(3))
def test_number_is_released_once_or_joins_a_service(service, attempt):
    sid = own(POOL_1)
    owned = client().incoming_phone_numbers(sid)
    results = at_once(
        owned.delete, lambda: service.phone_numbers.create(sid=sid).is_reserved, owned.delete
    )
    assert results in ([True, 80301, 20404], [20404, 80301, True], [80601, False, 80601])
    assert Purchase.objects.count() == results.count(True)


def test_number_renamed_while_it_joins_a_service_keeps_the_addresses_of_proxy(service):
    sid = own(POOL_1)
    rename = partial(client().incoming_phone_numbers(sid).update, friendly_name="Pool")
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        service.phone_numbers.create(sid=sid)
        renamed = other.submit(at_once, rename)
        until_somebody_waits()
    [number] = renamed.result()
    assert number.friendly_name == "Pool"
    assert "/Proxy/" in IncomingPhoneNumber.objects.get().sms_url


def until_somebody_waits():
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
            time.sleep(0.01)
    pytest.fail("nobody waits for this transaction")


def test_session_reopens_or_its_number_is_given_away_but_not_both(service):
    service.phone_numbers.create(sid=own(POOL_1))
    tom = {"Identifier": TOM}
    session = service.sessions(create(service, tom)())
    session.update(status="closed")
    at_once(lambda: session.update(status="in-progress"), create(service, tom))
    assert Participant.objects.active().count() == 1


ON_SQLITE = """
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from proxying.switchboard import pool, sessions
from proxying.switchboard.errors import TwilioError
from proxying.switchboard.models import IncomingPhoneNumber, Participant, Service

call_command("migrate", "switchboard", verbosity=0)
service = Service.objects.create(unique_name="shop")
for last in range(3):
    number = IncomingPhoneNumber.objects.create(phone_number=f"+1415333000{last}", iso_country="US")
    pool.add(service, number.sid, is_reserved=False)

def create(_):
    try:
        tom = sessions.ParticipantSpec("+14152345555")
        return sessions.create_session(service, participants=[tom]).sid[:2]
    except TwilioError as error:
        return str(error.code)
    finally:
        connection.close()

with ThreadPoolExecutor(6) as threads:
    results = sorted(threads.map(create, range(6)))
print(*results, Participant.objects.active().values("proxy_identifier").distinct().count())
"""


def test_sqlite_lets_one_after_the_other_in(tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "shoppingplace.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'switchboard.sqlite3'}",
        "VAR_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", ON_SQLITE],
        env=environment,
        cwd=Path(settings.BASE_DIR),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["80208", "80208", "80208", "KC", "KC", "KC", "3"]
