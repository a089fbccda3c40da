"""The life of a Session: created, used, expired or closed, re-opened, purged.

Whatever takes or frees a proxy number happens under a lock on its Service, for a number is in
one Service only: so of two who want the same pair at once one waits, and then sees. On
SQLite the transaction itself is that lock.

https://www.twilio.com/docs/proxy/api/session
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import phonenumbers
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from proxying.switchboard import alerts, numbering, selection
from proxying.switchboard.errors import InvalidParameter, NotFound, Rule, RuleBroken
from proxying.switchboard.models import (
    Call,
    Interaction,
    Message,
    Participant,
    PhoneNumber,
    Service,
    Session,
)
from proxying.switchboard.models.proxy import SessionQuerySet

CLOSED_BY_API: Final = "api"
CLOSED_BY_TIME: Final = "expired"
KEPT_CLOSED: Final = timedelta(days=90)
MAX_PARTICIPANTS: Final = 2
MAX_UNIQUE_NAME: Final = 191
MAX_TTL: Final = 2**31 - 2


@dataclass(frozen=True)
class ParticipantSpec:
    """Who is to take part: E.164, and the proxy number if a certain one is wanted."""

    identifier: str
    friendly_name: str | None = None
    proxy_identifier: str | None = None
    proxy_identifier_sid: str | None = None


@dataclass(frozen=True)
class Route:
    """Where a call or message goes: who it is from, who it is for, in which Session."""

    session: Session
    inbound: Participant
    outbound: Participant


def active_route(from_: str, to: str) -> Route | None:
    """The active Session in which *from_* sees the partner under *to*; None without one.

    A Session whose time is over is closed on the way.
    """
    inbound = (
        Participant.objects.active()
        .select_related("session__service")
        .filter(identifier=from_, proxy_identifier=to)
        .first()
    )
    if inbound is None:
        return None
    if inbound.session.is_expired:
        close_expired(Session.objects.filter(pk=inbound.session_id))
        return None
    return _route(inbound)


def last_closed_route(from_: str, to: str) -> Route | None:
    """The same in the Session that ended last; None when there was none, or it was purged."""
    inbound = (
        Participant.objects.present()
        .select_related("session__service")
        .filter(identifier=from_, proxy_identifier=to, session__status=Session.Status.CLOSED)
        .order_by("-session__date_ended", "-pk")
        .first()
    )
    return None if inbound is None else _route(inbound)


def create_session(  # noqa: PLR0913 (a Session has this many sides)
    service: Service,
    *,
    participants: Sequence[ParticipantSpec] = (),
    unique_name: str | None = None,
    ttl: int | None = None,
    date_expiry: datetime | None = None,
    mode: str | None = None,
    status: str | None = None,
) -> Session:
    """A Session with none, one or two participants, or a ``TwilioError`` and nothing.

    *ttl* is in seconds; without one the Service's default counts.
    """
    _check_times(ttl, date_expiry)
    if unique_name and len(unique_name) > MAX_UNIQUE_NAME:
        raise InvalidParameter(f"UniqueName is longer than {MAX_UNIQUE_NAME} characters")
    if mode is not None and mode not in Session.Mode:
        raise InvalidParameter(f"Mode is none of {', '.join(Session.Mode)}")
    if status is not None and status not in Session.ACTIVE:
        raise RuleBroken(Rule.STATUS_CHANGE)
    if len(participants) > MAX_PARTICIPANTS:
        raise RuleBroken(Rule.TOO_MANY_PARTICIPANTS)
    with transaction.atomic():
        service = lock(service.pk)
        if unique_name and service.sessions.filter(unique_name=unique_name).exists():
            raise RuleBroken(Rule.SESSION_NAME_TAKEN)
        session = Session(
            service=service,
            unique_name=unique_name or None,
            ttl=ttl or service.default_ttl or None,
            date_expiry=date_expiry,
            mode=mode or Session.Mode.VOICE_AND_MESSAGE,
            status=status or Session.Status.OPEN,
        )
        if status == Session.Status.IN_PROGRESS:
            session.date_started = session.date_created
        session.schedule_expiry()
        session.save(force_insert=True)
        for spec in participants:
            _join(session, spec)
    return session


def update_session(
    session: Session,
    *,
    status: str | None = None,
    ttl: int | None = None,
    date_expiry: datetime | None = None,
) -> Session:
    """The Session with what is given changed; its status may go to closed, and back."""
    _check_times(ttl, date_expiry)
    with transaction.atomic():
        session = _locked(session)
        if ttl is not None:
            session.ttl = ttl
        if date_expiry is not None:
            session.date_expiry = date_expiry
        match session.status, status:
            case Session.Status.CLOSED, Session.Status.IN_PROGRESS:
                _reopen(session)
            case Session.Status.CLOSED, None:
                raise RuleBroken(Rule.SESSION_CLOSED)
            case ((Session.Status.OPEN | Session.Status.IN_PROGRESS), None):
                session.schedule_expiry()
            case ((Session.Status.OPEN | Session.Status.IN_PROGRESS), Session.Status.CLOSED):
                _end(session, CLOSED_BY_API)
            case _:
                raise RuleBroken(Rule.STATUS_CHANGE)
        session.save()
    return session


def close(session: Session, reason: str = CLOSED_BY_API) -> None:
    """Close it now; nothing happens to one that is closed already."""
    with transaction.atomic():
        session = _locked(session)
        if session.is_active:
            _end(session, reason)
            session.save()


def reopen(session: Session) -> Session:
    """A closed Session in progress again, its time running anew.

    ``RuleBroken`` when a participant meanwhile holds the number elsewhere.
    """
    return update_session(session, status=Session.Status.IN_PROGRESS)


def touch(session: Session) -> None:
    """Something went through the Session: the first time it starts, each time its ttl restarts."""
    with transaction.atomic():
        session = _locked(session)
        if not session.is_active:
            return
        session.date_last_interaction = timezone.now()
        session.date_started = session.date_started or session.date_last_interaction
        session.status = Session.Status.IN_PROGRESS
        session.schedule_expiry()
        session.save()


def add_participant(session: Session, spec: ParticipantSpec) -> Participant:
    """A first or second participant, or a ``TwilioError`` and nothing."""
    with transaction.atomic():
        session = _locked(session)
        if not session.is_active:
            raise RuleBroken(Rule.SESSION_CLOSED)
        return _join(session, spec)


def remove_participant(participant: Participant) -> Participant:
    """Free the participant's number and keep the row: this identifier cannot join again."""
    with transaction.atomic():
        _locked(participant.session)
        participant.refresh_from_db()
        participant.date_deleted = participant.date_deleted or timezone.now()
        participant.is_active = False
        participant.save()
    return participant


def close_expired(among: SessionQuerySet | None = None) -> int:
    """Close the active Sessions whose time is over, at the moment it was; how many there were.

    Each leaves an Alert 80904, once, whoever comes upon it first.
    """
    expired = (Session.objects.all() if among is None else among).expired()
    if not expired.exists():
        return 0
    with transaction.atomic():
        over = list(expired.order_by("sid").select_for_update())
        sids = [session.sid for session in over]
        Participant.objects.filter(session__in=sids).update(is_active=False)
        for session in over:
            alerts.raise_alert(
                alerts.SESSION_EXPIRED,
                "The time of a Session is over",
                resource_sid=session.sid,
                service_sid=session.service_id,
            )
        return Session.objects.filter(sid__in=sids).update(
            status=Session.Status.CLOSED,
            closed_reason=CLOSED_BY_TIME,
            date_ended=F("expires_at"),
            date_updated=timezone.now(),
        )


def purge_closed() -> int:
    """Forget the Sessions that closed 90 days ago, with all that went through them; how many."""
    past = timezone.now() - KEPT_CLOSED
    old = Session.objects.filter(status=Session.Status.CLOSED, date_ended__lte=past)
    if not old.exists():
        return 0
    with transaction.atomic():
        past_interactions = Interaction.objects.filter(session__in=old)
        for leg in ("inbound_resource_sid", "outbound_resource_sid"):
            Message.objects.filter(pk__in=past_interactions.values(leg)).delete()
            Call.objects.filter(pk__in=past_interactions.values(leg)).delete()
        return old.delete()[1].get(Session._meta.label, 0)


def expire_due() -> None:
    """What time does to Sessions when nobody asks about them; for the periodic task."""
    close_expired()
    purge_closed()


def lock(service_sid: str) -> Service:
    """The Service's row, locked until the transaction ends; its expired Sessions are closed."""
    service = Service.objects.select_for_update(no_key=True).filter(pk=service_sid).first()
    if service is None:
        raise NotFound(f"/Services/{service_sid}")
    close_expired(Session.objects.filter(service=service))
    return service


def _locked(session: Session) -> Session:
    """The Session as it is now, its Service locked."""
    lock(session.service_id)
    fresh = Session.objects.select_for_update().filter(pk=session.pk).first()
    if fresh is None:
        raise NotFound(f"/Services/{session.service_id}/Sessions/{session.sid}")
    return fresh


def _check_times(ttl: int | None, date_expiry: datetime | None) -> None:
    if ttl is not None and not 0 < ttl <= MAX_TTL:
        raise InvalidParameter(f"Ttl is not between 1 and {MAX_TTL} seconds")
    if date_expiry is not None and date_expiry <= timezone.now():
        raise InvalidParameter("DateExpiry is in the past")


def _join(session: Session, spec: ParticipantSpec) -> Participant:
    _check_identifier(session, spec.identifier)
    if spec.proxy_identifier or spec.proxy_identifier_sid:
        number = selection.named(
            session.service,
            spec.identifier,
            proxy_identifier=spec.proxy_identifier,
            sid=spec.proxy_identifier_sid,
        )
    else:
        number = selection.choose(session.service, spec.identifier, session.mode)
    return Participant.objects.create(
        session=session,
        identifier=spec.identifier,
        friendly_name=spec.friendly_name or "",
        proxy_identifier=number.phone_number,
        proxy_identifier_sid=number.pk,
    )


def _check_identifier(session: Session, identifier: str) -> None:
    if not numbering.is_e164(identifier) or not _is_possible(identifier):
        raise RuleBroken(Rule.INVALID_IDENTIFIER)
    everybody = session.participants.all()
    same = next((other for other in everybody if other.identifier == identifier), None)
    if same is not None:
        removed = same.date_deleted is not None
        raise RuleBroken(Rule.PARTICIPANT_REMOVED if removed else Rule.IDENTIFIER_IN_SESSION)
    if sum(other.date_deleted is None for other in everybody) >= MAX_PARTICIPANTS:
        raise RuleBroken(Rule.TOO_MANY_PARTICIPANTS)


def _is_possible(e164: str) -> bool:
    # Possible, not assigned: the numbers in the documentation's examples are not.
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return False


def _end(session: Session, reason: str) -> None:
    session.status = Session.Status.CLOSED
    session.closed_reason = reason
    session.date_ended = timezone.now()
    session.participants.active().update(is_active=False)


def _reopen(session: Session) -> None:
    for participant in session.participants.present():
        if selection.is_held(participant.identifier, participant.proxy_identifier):
            raise RuleBroken(Rule.PAIR_IN_USE)
        in_pool = PhoneNumber.objects.filter(
            pk=participant.proxy_identifier_sid, service_id=session.service_id
        )
        if not in_pool.exists():
            raise RuleBroken(Rule.PROXY_NOT_IN_SERVICE)
    session.participants.present().update(is_active=True)
    session.status = Session.Status.IN_PROGRESS
    session.closed_reason = ""
    session.date_ended = None
    session.date_started = timezone.now()
    if session.schedule_expiry() <= session.date_started:
        raise InvalidParameter("DateExpiry is in the past")


def _route(inbound: Participant) -> Route | None:
    session = inbound.session
    outbound = session.participants.present().exclude(pk=inbound.pk).first()
    if outbound is None:
        return None
    outbound.session = session
    return Route(session, inbound, outbound)
