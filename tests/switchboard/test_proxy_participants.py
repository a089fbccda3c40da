"""Two people at most in a Session, each once."""

import pytest
from django.conf import settings

from proxying.switchboard import sessions
from tests.switchboard.cast import BETH, BOB, POOL_1, POOL_2, TOM, TOMS_NUMBER, own, refused
from tests.switchboard.test_proxy_services import shown


@pytest.fixture
def session(service):
    """An empty Session in a Service with one reserved number and two others."""
    service.phone_numbers.create(sid=own(TOMS_NUMBER), is_reserved=True)
    for number in (POOL_1, POOL_2):
        service.phone_numbers.create(sid=own(number))
    return service.sessions(service.sessions.create().sid)


def test_participant_is_added_with_every_field(service, session):
    added = session.participants.create(BOB, friendly_name="Bob", proxy_identifier=TOMS_NUMBER)
    sid = next(one.sid for one in service.phone_numbers.list() if one.is_reserved)
    url = f"{session.fetch().url}/Participants/{added.sid}"
    assert added.sid.startswith("KP")
    assert shown(added) == {
        "sid": added.sid,
        "session_sid": session.fetch().sid,
        "service_sid": service.fetch().sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "identifier": BOB,
        "proxy_identifier": TOMS_NUMBER,
        "proxy_identifier_sid": sid,
        "friendly_name": "Bob",
        "date_deleted": None,
        "date_created": added.date_created,
        "date_updated": added.date_updated,
        "url": url,
        "links": {"message_interactions": f"{url}/MessageInteractions"},
    }
    assert shown(session.participants(added.sid).fetch()) == shown(added)


def test_participant_added_later_has_a_partner(session):
    number = session.participants.create(TOM).proxy_identifier
    assert sessions.active_route(TOM, number) is None
    session.participants.create(BOB)
    assert sessions.active_route(TOM, number).outbound.identifier == BOB


def test_third_participant_80609(service, session):
    session.participants.create(TOM)
    session.participants.create(BOB)
    with refused(80609):
        session.participants.create(BETH)
    with refused(80609):
        service.sessions.create(participants=[{"Identifier": one} for one in (TOM, BOB, BETH)])


def test_same_identifier_twice_80103(service, session):
    session.participants.create(TOM)
    with refused(80103):
        session.participants.create(TOM)
    with refused(80103):
        service.sessions.create(participants=[{"Identifier": BOB}, {"Identifier": BOB}])


def test_participant_cannot_join_a_closed_session_80607(session):
    session.update(status="closed")
    with refused(80607):
        session.participants.create(TOM)


def test_removed_participant_stays_visible_and_frees_the_number(session):
    tom = session.participants.create(TOM)
    session.participants.create(BOB)
    assert session.participants(tom.sid).delete()
    removed = session.participants(tom.sid).fetch()
    assert removed.date_deleted is not None
    assert sessions.active_route(TOM, tom.proxy_identifier) is None
    assert {one.sid for one in session.participants.list()} > {tom.sid}


def test_removing_answers_200_like_twilios_description(session):
    tom = session.participants.create(TOM)
    assert session.participants(tom.sid).delete_with_http_info().status_code == 200


def test_removed_participant_cannot_come_back_but_another_can_80612(session):
    tom = session.participants.create(TOM)
    session.participants(tom.sid).delete()
    with refused(80612):
        session.participants.create(TOM)
    session.participants.create(BOB)
    assert session.participants.create(BETH).identifier == BETH


def test_removed_participant_stays_out_when_the_session_reopens(session):
    tom = session.participants.create(TOM)
    session.participants.create(BOB)
    session.participants(tom.sid).delete()
    session.update(status="closed")
    session.update(status="in-progress")
    assert sessions.active_route(TOM, tom.proxy_identifier) is None


@pytest.mark.parametrize(
    "identifier",
    ["4152345555", "+1 415 234 5555", "+1415", "+0123456789", "anonymous", "+99912345678", "Tom"],
)
def test_identifier_that_is_no_number_80404(session, identifier):
    with refused(80404):
        session.participants.create(identifier)


@pytest.mark.parametrize(
    ("identifier", "fields"),
    [
        ("", {}),
        ("+" + "1" * 191, {}),
        (TOM, {"friendly_name": "x" * 256}),
        (TOM, {"proxy_identifier": "x" * 256}),
    ],
)
def test_participant_with_a_wrong_field_is_refused(session, identifier, fields):
    with refused(20001):
        session.participants.create(identifier, **fields)


def test_participant_of_another_session_is_404(service, session):
    tom = session.participants.create(TOM)
    elsewhere = service.sessions(service.sessions.create().sid).participants(tom.sid)
    for act in (elsewhere.fetch, elsewhere.delete):
        with refused(20404, 404):
            act()
