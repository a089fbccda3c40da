"""Calls: placed, answered, hung up, and moved on by time.

Nothing here sleeps. What must happen later is a time in a row (``rings_until``,
``resume_at``), and ``settle`` does it once that time is past: for whoever looks, and for the
periodic task.
"""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from proxying.switchboard import alerts, sessions
from proxying.switchboard.models import Call, IncomingPhoneNumber, PhoneNumber, Service
from proxying.switchboard.sessions import Route
from proxying.switchboard.traffic import interactions, legs, out_of_session, program
from proxying.switchboard.traffic.fields import call_fields

LONGEST_CALL: Final = timedelta(hours=4)
# Longer than a chain of webhooks may take: a call that nothing moves by then lost its process.
ABANDONED: Final = timedelta(minutes=5)


def place(from_number: str, to: str) -> Call:
    """A person dials on a phone. Returns that leg, ringing or already at its end."""
    number = IncomingPhoneNumber.objects.filter(phone_number=to).first()
    direction = Call.Direction.INBOUND if number else Call.Direction.DIRECT
    call = Call.objects.create(from_number=from_number, to=to, direction=direction)
    if number is None:
        _connect(call, caller_id=from_number, to=to)
    elif pooled := PhoneNumber.objects.select_related("service").filter(pk=number.pk).first():
        _through_proxy(call, pooled.service)
    elif number.voice_url:
        program.start_from(call, number.voice_url)
    else:
        legs.end(call, Call.Status.FAILED)
    call.refresh_from_db()
    return call


def answer(leg: Call) -> bool:
    """The phone that rings is picked up; False when *leg* does not ring there any more."""
    if leg.parent is None:
        return False
    with legs.together(leg):
        if not legs.pick_up(leg):
            return False
        legs.pick_up(leg.parent)
    interactions.report_call(leg.parent, leg)
    return True


def hang_up(leg: Call) -> None:
    """Either side ends it: the caller cancels or hangs up, the called one declines or hangs up.

    Hanging up what has ended changes nothing.
    """
    if leg.parent is not None:
        if legs.hang_up(leg, unanswered=Call.Status.BUSY):
            program.run(leg.parent, leg)
        return
    with legs.together(leg):
        hung_up = legs.hang_up(leg, unanswered=Call.Status.CANCELED)
        other = leg.children.live().first()
        if other is not None:
            legs.hang_up(other, unanswered=Call.Status.CANCELED)
    if hung_up:
        interactions.report_call(leg, other)


def settle() -> None:
    """Do what is due: unanswered calls stop ringing, pauses end, forgotten calls are closed."""
    now = timezone.now()
    live = Call.objects.live().select_related("parent")
    for leg in live.filter(rings_until__lte=now):
        if legs.end(leg, Call.Status.NO_ANSWER, was=Call.Status.RINGING):
            program.run(_parent(leg), leg)
    for call in live.filter(resume_at__lte=now):
        # Whoever clears the time goes on with the program; a second one finds it cleared.
        if Call.objects.filter(pk=call.pk, resume_at=call.resume_at).update(resume_at=None):
            program.run(call)
    for call in live.filter(parent=None, answered_at__lte=now - LONGEST_CALL):
        hang_up(call)
    stuck = live.filter(parent=None, resume_at=None, date_updated__lte=now - ABANDONED)
    for call in stuck.exclude(children__status__in=Call.LIVE):
        legs.hang_up(call, unanswered=Call.Status.FAILED)


def _parent(leg: Call) -> Call:
    if leg.parent is None:
        raise ValueError("only a leg with a parent rings on a phone")
    return leg.parent


def _through_proxy(call: Call, service: Service) -> None:
    route = sessions.active_route(call.from_number, call.to)
    if route is not None:
        _relay(route, call)
        return
    contact = out_of_session.Contact(
        sid=call.sid,
        from_number=call.from_number,
        to=call.to,
        fields=call_fields(call),
        code_without_callback=alerts.CALL_WITHOUT_SESSION,
    )
    match out_of_session.ask(service, contact):
        case Route() as created:
            _relay(created, call)
        case out_of_session.Script(verbs, url):
            program.start(call, verbs, url)
        case None:
            legs.end(call, Call.Status.FAILED)


def _relay(route: Route, call: Call) -> None:
    """Ring the other side, under the number it knows."""
    if route.session.mode == "message-only":
        alerts.raise_alert(
            alerts.CALL_INTO_MESSAGE_ONLY,
            "A call reached a message-only Session",
            resource_sid=call.sid,
            service_sid=route.session.service_id,
        )
        legs.end(call, Call.Status.FAILED)
        return
    if not interactions.admitted(interactions.begin(route, call)):
        legs.end(call, Call.Status.FAILED)
        return
    sessions.touch(route.session)
    _connect(call, caller_id=route.outbound.proxy_identifier, to=route.outbound.identifier)


def _connect(call: Call, *, caller_id: str, to: str) -> None:
    leg = legs.ring(call, caller_id=caller_id, to=to, seconds=program.RING_SECONDS)
    if leg.ended_at is None:
        interactions.report_call(call, leg)
    else:
        program.run(call, leg)
