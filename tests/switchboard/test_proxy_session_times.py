"""A Session ends by time or by hand, is opened again, and is forgotten after 90 days."""

from datetime import UTC, datetime, timedelta

import pytest

from proxying.switchboard import sessions
from proxying.switchboard.models import Alert, Interaction, Participant, Session
from tests.switchboard.cast import (
    BOB,
    TOM,
    TOMS_NUMBER,
    refused,
)

DAY = timedelta(days=1)


def something_happens():
    sessions.touch(sessions.active_route(BOB, TOMS_NUMBER).session)


def test_first_interaction_starts_the_session(clock, opened):
    session = opened(ttl=60)
    clock.shift(30)
    something_happens()
    used = session.fetch()
    assert used.status == "in-progress"
    assert used.date_started == used.date_last_interaction
    assert used.date_started - used.date_created == timedelta(seconds=30)


def test_ttl_runs_from_creation(clock, opened):
    session = opened(ttl=60)
    clock.shift(59)
    assert session.fetch().status == "open"
    clock.shift(1)
    closed = session.fetch()
    assert (closed.status, closed.closed_reason) == ("closed", "expired")
    assert closed.date_ended - closed.date_created == timedelta(seconds=60)


def test_ttl_starts_anew_with_each_interaction(clock, opened):
    session = opened(ttl=60)
    for _ in range(3):
        clock.shift(59)
        something_happens()
    clock.shift(59)
    assert session.fetch().status == "in-progress"
    clock.shift(1)
    assert session.fetch().status == "closed"


def test_date_expiry_wins_over_the_ttl(clock, opened):
    session = opened(ttl=60, date_expiry=datetime.now(UTC) + DAY)
    clock.shift(61)
    assert session.fetch().status == "open"
    session.update(date_expiry=datetime.now(UTC) + timedelta(seconds=30))
    clock.shift(30)
    assert session.fetch().status == "closed"


def test_session_without_times_gets_the_default_of_its_service(clock, opened, stocked):
    stocked.update(default_ttl=60)
    session = opened()
    assert session.fetch().ttl == 60
    clock.shift(61)
    assert session.fetch().status == "closed"


def test_session_without_any_time_lives_90_days(clock, opened):
    session = opened()
    clock.shift(90 * DAY - timedelta(seconds=1))
    assert session.fetch().status == "open"
    clock.shift(1)
    assert session.fetch().status == "closed"


def test_new_ttl_counts_from_the_last_interaction(clock, opened):
    session = opened(ttl=60)
    clock.shift(50)
    something_happens()
    clock.shift(30)
    assert session.update(ttl=100).ttl == 100
    clock.shift(69)
    assert session.fetch().status == "in-progress"
    clock.shift(1)
    assert session.fetch().status == "closed"


def test_expired_session_routes_no_more(clock, opened):
    opened(ttl=60)
    clock.shift(60)
    assert sessions.active_route(BOB, TOMS_NUMBER) is None


def test_expired_session_frees_its_numbers_for_the_next(clock, opened):
    opened(ttl=60)
    clock.shift(60)
    assert opened(ttl=60).fetch().status == "open"


def test_list_shows_expired_sessions_closed(clock, opened, stocked):
    opened(ttl=60)
    clock.shift(60)
    assert [session.status for session in stocked.sessions.list()] == ["closed"]


def test_time_closes_and_purges_when_nobody_asks(clock, opened):
    session = opened(ttl=60).fetch()
    clock.shift(61)
    sessions.expire_due()
    assert Session.objects.get().date_ended == session.date_created + timedelta(seconds=60)
    clock.shift(90 * DAY)
    sessions.expire_due()
    assert not Session.objects.exists()
    assert not Participant.objects.exists()


def test_expired_session_leaves_one_alert_however_often_it_is_asked_for(clock, opened):
    session = opened(ttl=60)
    clock.shift(60)
    session.fetch()
    session.fetch()
    sessions.expire_due()
    alert = Alert.objects.get()
    assert (alert.error_code, alert.resource_sid) == (80904, session.fetch().sid)


def test_session_is_kept_for_90_days_after_its_end(clock, opened, stocked):
    opened(unique_name="talk").update(status="closed")
    clock.shift(90 * DAY - timedelta(seconds=1))
    sessions.expire_due()
    assert stocked.sessions("talk").fetch().status == "closed"
    clock.shift(1)
    sessions.expire_due()
    with refused(80308, 404):
        stocked.sessions("talk").fetch()


def test_closing_by_api_says_so(opened):
    closed = opened().update(status="closed")
    assert (closed.status, closed.closed_reason) == ("closed", "api")
    assert closed.date_ended is not None
    assert sessions.active_route(BOB, TOMS_NUMBER) is None


def test_closed_session_reopens_in_progress_with_its_participants(opened):
    session = opened()
    before = session.participants.list()
    session.update(status="closed")
    reopened = session.update(status="in-progress")
    assert (reopened.status, reopened.closed_reason) == ("in-progress", None)
    assert reopened.date_ended is None
    assert list(map(pair, session.participants.list())) == list(map(pair, before))
    assert sessions.active_route(BOB, TOMS_NUMBER).outbound.identifier == TOM


def test_reopened_session_has_its_whole_ttl_again(clock, opened):
    session = opened(ttl=60)
    clock.shift(600)
    assert session.update(status="in-progress").status == "in-progress"
    clock.shift(59)
    assert session.fetch().status == "in-progress"
    clock.shift(1)
    assert session.fetch().status == "closed"


def test_reopening_past_the_date_of_expiry_needs_a_new_one(clock, opened):
    session = opened(date_expiry=datetime.now(UTC) + DAY)
    clock.shift(2 * DAY)
    with refused(20001):
        session.update(status="in-progress")
    later = datetime.now(UTC) + DAY
    assert session.update(status="in-progress", date_expiry=later).status == "in-progress"


def test_reopening_is_refused_while_a_number_is_held_elsewhere(opened):
    first = opened()
    first.update(status="closed")
    second = opened()
    with refused(80604):
        first.update(status="in-progress")
    assert first.fetch().status == "closed"
    second.update(status="closed")
    assert first.update(status="in-progress").status == "in-progress"


def test_reopening_is_refused_when_a_number_has_left_the_service(opened, stocked):
    session = opened()
    session.update(status="closed")
    reserved = next(one for one in stocked.phone_numbers.list() if one.is_reserved)
    reserved.delete()
    with refused(80605):
        session.update(status="in-progress")


@pytest.mark.parametrize("status", ["open", "closed", "failed", "unknown"])
def test_closed_session_goes_nowhere_but_in_progress(opened, status):
    session = opened()
    session.update(status="closed")
    with refused(80608):
        session.update(status=status)


@pytest.mark.parametrize("status", ["open", "in-progress", "failed", "unknown"])
def test_open_session_goes_nowhere_but_closed(opened, status):
    with refused(80608):
        opened().update(status=status)


def test_closed_session_cannot_be_changed_without_reopening(opened):
    session = opened(ttl=60)
    session.update(status="closed")
    with refused(80607):
        session.update(ttl=120)
    assert session.fetch().ttl == 60
    assert session.update(status="in-progress", ttl=120).ttl == 120


@pytest.mark.parametrize("fields", [{"ttl": 0}, {"date_expiry": "2020-01-01T00:00:00Z"}])
def test_times_that_cannot_be_are_refused(opened, fields):
    with refused(20001):
        opened().update(**fields)


def test_deleted_session_takes_participants_and_interactions(opened):
    session = opened()
    Interaction.objects.create(session_id=session.fetch().sid, type="message")
    assert session.delete()
    assert not Participant.objects.exists()
    assert not Interaction.objects.exists()
    with refused(20404, 404):
        session.fetch()


def pair(participant):
    return participant.identifier, participant.proxy_identifier
