"""The pool of a Service: numbers added, reserved, in use, removed."""

from datetime import timedelta

import pytest
from django.conf import settings

from proxying.switchboard import pool
from proxying.switchboard.models import Alert, IncomingPhoneNumber
from tests.switchboard.cast import BETH, BOB, POOL_1, POOL_2, TOM, TOMS_NUMBER, own, refused
from tests.switchboard.test_proxy_services import shown


@pytest.fixture
def number(service):
    """A number in the pool."""
    return service.phone_numbers(service.phone_numbers.create(sid=own(POOL_1)).sid)


@pytest.fixture
def session(service, number):
    """Tom and Bob, both behind the same number."""
    people = [{"Identifier": TOM}, {"Identifier": BOB}]
    return service.sessions(service.sessions.create(participants=people).sid)


def test_number_is_added_by_sid_with_every_field(service):
    sid = own(TOMS_NUMBER, friendly_name="(415) 111-1111", mms=False)
    added = service.phone_numbers.create(sid=sid, is_reserved=True)
    assert shown(added) == {
        "sid": sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "service_sid": service.fetch().sid,
        "phone_number": TOMS_NUMBER,
        "friendly_name": "(415) 111-1111",
        "iso_country": "US",
        "capabilities": {"fax": False, "mms": False, "sms": True, "voice": True},
        "is_reserved": True,
        "in_use": 0,
        "date_created": added.date_created,
        "date_updated": added.date_updated,
        "url": f"{service.fetch().url}/PhoneNumbers/{sid}",
    }


def test_number_is_added_by_its_digits_unreserved(service):
    sid = own(POOL_1)
    added = service.phone_numbers.create(phone_number=POOL_1)
    assert (added.sid, added.is_reserved) == (sid, False)


def test_number_that_joins_points_at_proxy_until_it_leaves(service, number):
    account, sid = settings.TWILIO_ACCOUNT_SID, service.fetch().sid
    webhooks = f"https://webhooks.twilio.com/v1/Accounts/{account}/Proxy/{sid}/Webhooks"
    owned = IncomingPhoneNumber.objects.get(phone_number=POOL_1)
    assert (owned.sms_url, owned.voice_url) == (f"{webhooks}/Message", f"{webhooks}/Call")
    assert number.delete()
    owned.refresh_from_db()
    assert (owned.sms_url, owned.voice_url) == ("", "")


def test_number_of_this_service_is_not_added_again(service, number):
    with refused(80104):
        service.phone_numbers.create(phone_number=POOL_1)


def test_number_of_another_service_is_refused(services, number):
    with refused(80101):
        services(services.create("market").sid).phone_numbers.create(phone_number=POOL_1)


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"sid": "PN" + "0" * 32}, 80301),
        ({"phone_number": POOL_1}, 80301),
        ({"phone_number": "415 333 0001"}, 80406),
        ({}, 20001),
        ({"sid": "PN" + "0" * 33}, 20001),
    ],
    ids=str,
)
def test_number_that_is_not_ours_is_refused(service, named, code):
    with refused(code):
        service.phone_numbers.create(**named)


def test_reservation_is_given_and_taken_back(number):
    assert number.update(is_reserved=True).is_reserved is True
    assert number.fetch().is_reserved is True
    assert number.update().is_reserved is True
    assert number.update(is_reserved=False).is_reserved is False


def test_reservation_that_is_neither_true_nor_false_is_refused(number):
    with refused(20001):
        number.update(is_reserved="perhaps")


def test_pool_takes_no_more_than_its_limits(service, monkeypatch):
    monkeypatch.setattr(pool, "MAX_UNRESERVED", 1)
    monkeypatch.setattr(pool, "MAX_RESERVED", 1)
    service.phone_numbers.create(sid=own(POOL_1))
    reserved = service.phone_numbers.create(sid=own(TOMS_NUMBER), is_reserved=True)
    with refused(80622):
        service.phone_numbers.create(sid=own(POOL_2))
    with refused(80622):
        service.phone_numbers.create(phone_number=POOL_2, is_reserved=True)
    with refused(80622):
        service.phone_numbers(reserved.sid).update(is_reserved=False)


def test_pool_that_is_nearly_full_leaves_80624_once(service, monkeypatch):
    monkeypatch.setattr(pool, "MAX_UNRESERVED", 4)
    for last in range(3):
        service.phone_numbers.create(sid=own(f"+1415333010{last}"))
    assert not Alert.objects.exists()

    service.phone_numbers.create(sid=own(POOL_1))

    alert = Alert.objects.get()
    assert (alert.error_code, alert.service_sid) == (80624, service.fetch().sid)


def test_limits_are_twilios():
    assert (pool.MAX_RESERVED, pool.MAX_UNRESERVED) == (5000, 500)


def test_in_use_counts_active_sessions(service, number, session):
    assert number.fetch().in_use == 1
    service.sessions.create(participants=[{"Identifier": BETH}])
    assert number.fetch().in_use == 2
    session.update(status="closed")
    assert number.fetch().in_use == 1
    assert [listed.in_use for listed in service.phone_numbers.list()] == [1]


def test_in_use_forgets_a_session_whose_time_is_over(clock, service, number):
    service.sessions.create(ttl=60, participants=[{"Identifier": TOM}])
    clock.shift(timedelta(seconds=61))
    assert number.fetch().in_use == 0


def test_number_in_an_active_session_cannot_leave(number, session):
    with refused(80611):
        number.delete()
    session.update(status="closed")
    assert number.delete()
    with refused(20404, 404):
        number.fetch()


def test_closed_session_remembers_a_number_that_left(number, session):
    session.update(status="closed")
    number.delete()
    assert {one.proxy_identifier for one in session.participants.list()} == {POOL_1}


def test_number_of_another_service_is_404(services, number):
    sid = number.fetch().sid
    elsewhere = services(services.create("market").sid).phone_numbers(sid)
    for act in (elsewhere.fetch, elsewhere.update, elsewhere.delete):
        with refused(20404, 404):
            act()
