"""A Session's life: created, used, expired or closed, re-opened, purged."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError

from proxying.switchboard import sessions
from proxying.switchboard.models import Interaction, Participant, Session
from tests.switchboard.cast import (
    BETH,
    BOB,
    MALLORY,
    POOL_1,
    POOL_2,
    TOM,
    TOMS_NUMBER,
    own,
    refused,
)
from tests.switchboard.test_proxy_services import shown

BOB_AND_TOM = [{"Identifier": BOB, "ProxyIdentifier": TOMS_NUMBER}, {"Identifier": TOM}]
DAY = timedelta(days=1)


@pytest.fixture
def stocked(service):
    """A Service with Tom's reserved number and two for anybody."""
    service.phone_numbers.create(sid=own(TOMS_NUMBER), is_reserved=True)
    for number in (POOL_1, POOL_2):
        service.phone_numbers.create(sid=own(number))
    return service


@pytest.fixture
def opened(stocked):
    """``opened(**fields)`` is a new Session of Bob and Tom, for Twilio's client."""

    def create(**fields):
        return stocked.sessions(stocked.sessions.create(participants=BOB_AND_TOM, **fields).sid)

    return create


def something_happens():
    sessions.touch(sessions.active_route(BOB, TOMS_NUMBER).session)


# Creation


def test_session_is_created_with_every_field(stocked):
    expiry = datetime(2100, 1, 1, tzinfo=UTC)
    created = stocked.sessions.create(
        unique_name="talk", ttl=3360, date_expiry=expiry, mode="voice-only"
    )
    service = stocked.fetch()
    url = f"{service.url}/Sessions/{created.sid}"
    assert created.sid.startswith("KC")
    assert shown(created) == {
        "sid": created.sid,
        "service_sid": service.sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "unique_name": "talk",
        "status": "open",
        "mode": "voice-only",
        "ttl": 3360,
        "closed_reason": None,
        "date_started": None,
        "date_ended": None,
        "date_last_interaction": None,
        "date_expiry": expiry,
        "date_created": created.date_created,
        "date_updated": created.date_updated,
        "url": url,
        "links": {"interactions": f"{url}/Interactions", "participants": f"{url}/Participants"},
    }


def test_session_needs_nothing(service):
    created = service.sessions.create()
    assert (created.unique_name, created.mode) == (None, "voice-and-message")
    assert (created.status, created.ttl) == ("open", None)


def test_session_is_found_by_sid_and_by_unique_name(stocked):
    created = stocked.sessions.create(unique_name="talk")
    assert stocked.sessions("talk").fetch().sid == created.sid
    assert stocked.sessions(created.sid).fetch().unique_name == "talk"


def test_unique_name_nobody_has_is_80308(stocked):
    with refused(80308, 404):
        stocked.sessions("silence").fetch()


@pytest.mark.parametrize("act", ["update", "delete"])
def test_only_fetching_takes_the_unique_name(stocked, act):
    stocked.sessions.create(unique_name="talk")
    with refused(20404, 404):
        getattr(stocked.sessions("talk"), act)()


def test_session_of_another_service_is_404(services, opened):
    sid = opened().fetch().sid
    elsewhere = services(services.create("market").sid).sessions(sid)
    for act in (elsewhere.fetch, elsewhere.update, elsewhere.delete):
        with refused(20404, 404):
            act()


def test_unique_name_is_taken_by_closed_sessions_too(opened, stocked):
    opened(unique_name="talk").update(status="closed")
    with refused(80603):
        stocked.sessions.create(unique_name="talk")


def test_unique_name_is_free_in_another_service_and_after_deletion(services, opened, stocked):
    opened(unique_name="talk").delete()
    stocked.sessions.create(unique_name="talk")
    services(services.create("market").sid).sessions.create(unique_name="talk")


def test_refused_session_leaves_nothing_behind(stocked):
    with refused(80606):
        stocked.sessions.create(
            participants=[{"Identifier": TOM}, {"Identifier": BOB, "ProxyIdentifier": "+1"}]
        )
    assert stocked.sessions.list() == []
    assert Participant.objects.count() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"unique_name": "x" * 192},
        {"ttl": 0},
        {"ttl": 2**31 - 1},
        {"ttl": "an hour"},
        {"date_expiry": "tomorrow"},
        {"date_expiry": "2020-01-01T00:00:00Z"},
        {"date_expiry": "2100-13-01T00:00:00Z"},
        {"mode": "smoke-signals"},
        {"status": "asleep"},
        {"participants": ["+14152345555"]},
        {"participants": [{}]},
        {"participants": [{"Identifier": 4152345555}]},
        {"participants": [{"Identifier": TOM, "FriendlyName": "x" * 256}]},
    ],
    ids=str,
)
def test_session_with_a_wrong_field_is_refused(stocked, fields):
    with refused(20001):
        stocked.sessions.create(**fields)


def test_participants_that_are_no_json_are_refused(stocked, twilio):
    url = stocked.fetch().links["sessions"]
    answer = twilio.request("POST", url, data={"Participants": "{"})
    assert json.loads(answer.text)["code"] == 20001


def test_session_can_start_in_progress_but_not_closed(stocked):
    created = stocked.sessions.create(status="in-progress")
    assert (created.status, created.date_started) == ("in-progress", created.date_created)
    with refused(80608):
        stocked.sessions.create(status="closed")


# Time


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


def test_session_is_kept_for_90_days_after_its_end(clock, opened, stocked):
    opened(unique_name="talk").update(status="closed")
    clock.shift(90 * DAY - timedelta(seconds=1))
    sessions.expire_due()
    assert stocked.sessions("talk").fetch().status == "closed"
    clock.shift(1)
    sessions.expire_due()
    with refused(80308, 404):
        stocked.sessions("talk").fetch()


# Closing and re-opening


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


# Routes


def test_route_leads_both_ways_and_knows_what_each_side_sees(opened):
    opened()
    there = sessions.active_route(BOB, TOMS_NUMBER)
    back = sessions.active_route(TOM, there.outbound.proxy_identifier)
    assert (there.inbound.identifier, there.outbound.identifier) == (BOB, TOM)
    assert (back.inbound.identifier, back.outbound.identifier) == (TOM, BOB)
    assert back.outbound.proxy_identifier == TOMS_NUMBER


def test_nobody_else_has_a_route(opened):
    opened()
    assert sessions.active_route(MALLORY, TOMS_NUMBER) is None
    assert sessions.active_route(TOM, TOMS_NUMBER) is None


def test_last_closed_route_is_of_the_session_that_ended_last(clock, opened):
    for name in ("first", "second"):
        opened(unique_name=name).update(status="closed")
        clock.shift(60)
    route = sessions.last_closed_route(BOB, TOMS_NUMBER)
    assert (route.session.unique_name, route.outbound.identifier) == ("second", TOM)
    assert sessions.last_closed_route(BETH, TOMS_NUMBER) is None


def test_removed_participant_has_no_route_not_even_to_what_was(opened):
    session = opened()
    bob = next(one for one in session.participants.list() if one.identifier == BOB)
    session.participants(bob.sid).delete()
    session.update(status="closed")
    assert sessions.active_route(BOB, TOMS_NUMBER) is None
    assert sessions.last_closed_route(BOB, TOMS_NUMBER) is None


def test_pair_may_be_active_once_whatever_the_code_forgets(opened):
    holder = Participant.objects.get(
        session_id=opened().fetch().sid, identifier=BOB, proxy_identifier=TOMS_NUMBER
    )
    other = Session(service=holder.session.service)
    other.schedule_expiry()
    other.save()
    with pytest.raises(IntegrityError, match="one_active_session_a_pair"):
        Participant.objects.create(session=other, identifier=BOB, proxy_identifier=TOMS_NUMBER)


def pair(participant):
    return participant.identifier, participant.proxy_identifier
