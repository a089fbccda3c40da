"""What happened in a Session, and texts that the API sends into one."""

import json

import pytest
from django.conf import settings

from proxying.switchboard.models import Interaction, Message, Phone
from tests.switchboard.cast import BOB, POOL_1, TOM, TOMS_NUMBER, own, refused
from tests.switchboard.test_proxy_services import shown


@pytest.fixture
def session(service):
    """Bob and Tom in a Session; both have a phone."""
    Phone.objects.create(number=BOB, name="Bob")
    Phone.objects.create(number=TOM, name="Tom")
    service.phone_numbers.create(sid=own(TOMS_NUMBER), is_reserved=True)
    service.phone_numbers.create(sid=own(POOL_1))
    people = [{"Identifier": BOB, "ProxyIdentifier": TOMS_NUMBER}, {"Identifier": TOM}]
    return service.sessions(service.sessions.create(participants=people).sid)


def member(session, identifier):
    """That participant, for Twilio's client."""
    sid = next(one.sid for one in session.participants.list() if one.identifier == identifier)
    return session.participants(sid)


def test_message_reaches_the_participant_from_its_proxy_number(session):
    member(session, BOB).message_interactions.create(body="Still there?")
    message = Message.objects.get()
    assert (message.from_number, message.to, message.body) == (TOMS_NUMBER, BOB, "Still there?")


def test_message_is_answered_with_every_field(service, session):
    bob = member(session, BOB)
    sent = bob.message_interactions.create(body="Still there?")
    participant = bob.fetch()
    assert sent.sid.startswith("KI")
    assert shown(sent) == {
        "sid": sent.sid,
        "session_sid": participant.session_sid,
        "service_sid": service.fetch().sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "data": json.dumps({"body": "Still there?"}),
        "type": "message",
        "participant_sid": participant.sid,
        "inbound_participant_sid": None,
        "inbound_resource_sid": None,
        "inbound_resource_status": None,
        "inbound_resource_type": None,
        "inbound_resource_url": None,
        "outbound_participant_sid": participant.sid,
        "outbound_resource_sid": Message.objects.get().sid,
        "outbound_resource_status": "delivered",
        "outbound_resource_type": "Message",
        "outbound_resource_url": None,
        "date_created": sent.date_created,
        "date_updated": sent.date_updated,
        "url": f"{participant.url}/MessageInteractions/{sent.sid}",
    }
    assert shown(bob.message_interactions(sent.sid).fetch()) == shown(sent)


def test_message_is_created_with_200_like_twilios_description(session):
    answer = member(session, BOB).message_interactions.create_with_http_info(body="Hello")
    assert answer.status_code == 200


def test_message_starts_the_session(session):
    member(session, BOB).message_interactions.create(body="Hello")
    used = session.fetch()
    assert used.status == "in-progress"
    assert used.date_last_interaction is not None


def test_message_is_an_interaction_of_the_session(session):
    sent = member(session, BOB).message_interactions.create(body="Hello")
    assert [one.sid for one in session.interactions.list()] == [sent.sid]
    assert session.interactions(sent.sid).fetch().data == json.dumps({"body": "Hello"})
    assert member(session, TOM).message_interactions.list() == []


def test_what_a_participant_sent_is_no_message_interaction(session):
    bob = member(session, BOB)
    Interaction.objects.create(
        session_id=session.fetch().sid,
        type="message",
        inbound_participant_id=member(session, TOM).fetch().sid,
        outbound_participant_id=bob.fetch().sid,
    )
    assert len(session.interactions.list()) == 1
    assert bob.message_interactions.list() == []


def test_interaction_is_deleted(session):
    sent = member(session, BOB).message_interactions.create(body="Hello")
    assert session.interactions(sent.sid).delete()
    with refused(20404, 404):
        session.interactions(sent.sid).fetch()
    with refused(20404, 404):
        member(session, BOB).message_interactions(sent.sid).fetch()


def test_interaction_of_another_session_is_404(service, session):
    sent = member(session, BOB).message_interactions.create(body="Hello")
    elsewhere = service.sessions(service.sessions.create().sid).interactions(sent.sid)
    for act in (elsewhere.fetch, elsewhere.delete):
        with refused(20404, 404):
            act()


@pytest.mark.parametrize(
    "fields", [{}, {"body": ""}, {"body": "x" * 1601}, {"body": "Hi", "media_url": ["https://x"]}]
)
def test_message_with_a_wrong_field_is_refused(session, fields):
    with refused(20001):
        member(session, BOB).message_interactions.create(**fields)
    assert not Message.objects.exists()


def test_message_into_a_closed_session_80607(session):
    bob = member(session, BOB)
    session.update(status="closed")
    with refused(80607):
        bob.message_interactions.create(body="Hello")


def test_message_without_a_partner_80614(session):
    bob = member(session, BOB)
    member(session, TOM).delete()
    with refused(80614):
        bob.message_interactions.create(body="Hello")


def test_message_to_a_removed_participant_80612(session):
    bob = member(session, BOB)
    bob.delete()
    with refused(80612):
        bob.message_interactions.create(body="Hello")


def test_message_into_a_voice_only_session_80616(service, session):
    people = [{"Identifier": BOB}, {"Identifier": TOM, "ProxyIdentifier": TOMS_NUMBER}]
    session.update(status="closed")
    voice = service.sessions.create(mode="voice-only", participants=people)
    with refused(80616):
        member(service.sessions(voice.sid), BOB).message_interactions.create(body="Hello")
