"""Sessions: created, found, and led from one person to the other."""

import json
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import IntegrityError

from proxying.switchboard import sessions
from proxying.switchboard.models import Participant, Session
from tests.switchboard.cast import (
    BETH,
    BOB,
    MALLORY,
    TOM,
    TOMS_NUMBER,
    refused,
)
from tests.switchboard.test_proxy_services import shown


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
