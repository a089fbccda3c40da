"""Voice TwiML, obeyed verb by verb; what waits is kept in the call's row, never slept through.

https://www.twilio.com/docs/voice/twiml
"""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urljoin

from django.utils import timezone

from proxying.switchboard import alerts, numbering
from proxying.switchboard.models import Call, IncomingPhoneNumber
from proxying.switchboard.traffic import interactions, legs, twiml
from proxying.switchboard.traffic.fields import call_fields

RING_SECONDS: Final = 30
MAX_PAUSE_SECONDS: Final = 3600
# A document may redirect to itself. With a <Pause> in it that is a waiting loop; without
# one it would never give this request back.
MAX_REDIRECTS: Final = 10
NOT_IN_SERVICE: Final = "The number you have dialed is not in service."


def start(call: Call, verbs: list[twiml.Verb], url: str) -> None:
    """Obey *verbs*, the document that *url* answered, on a call that just came in."""
    if verbs and verbs[0]["name"] == "Reject":
        _reject(call, verbs[0])
        return
    _keep(call, verbs, url)
    run(call)


def start_from(call: Call, url: str) -> None:
    """Fetch the first document for a call that just came in, and obey it."""
    verbs = _fetch(call, url)
    if verbs is None:
        legs.end(call, Call.Status.FAILED)
    else:
        start(call, verbs, url)


def run(call: Call, leg: Call | None = None) -> None:
    """Go on with the call's program until it waits or ends. *leg* is the one that just ended.

    A call with nothing left to do ends, the way its leg did if nobody was ever reached.
    """
    verbs: list[twiml.Verb] = list(call.program)
    redirects = 0
    while verbs and call.ended_at is None:
        verb, *verbs = verbs
        match verb["name"]:
            case "Say" | "Play":
                _say(call, verb)
            case "Pause":
                _pause(call, verb, verbs)
                return
            case "Dial":
                leg = _dial(call, verb, verbs)
                verbs = list(call.program)
                if leg is not None and leg.ended_at is None:
                    return
            case "Redirect" if redirects < MAX_REDIRECTS:
                redirects += 1
                url = urljoin(call.program_url, verb["text"])
                verbs = _fetch(call, url, leg) or []
                _keep(call, verbs, url)
            case "Hangup" | "Reject" | "Redirect":
                break
            case unknown:
                alerts.raise_alert(
                    alerts.UNKNOWN_VERB, f"No verb of a call: {unknown}", resource_sid=call.sid
                )
    _finish(call, leg)


def _finish(call: Call, leg: Call | None) -> None:
    if leg is None:
        # Twilio answers a call in order to obey, even when the document only hangs up.
        legs.pick_up(call)
    status = Call.Status.COMPLETED if leg is None or call.answered_at else leg.status
    if legs.end(call, status):
        interactions.report_call(call, leg)


def _keep(
    call: Call, verbs: list[twiml.Verb], url: str, *, resume_at: datetime | None = None
) -> None:
    """What is still to be obeyed, and from when on."""
    Call.objects.live().filter(pk=call.pk).update(
        program=verbs, program_url=url, resume_at=resume_at, date_updated=timezone.now()
    )
    call.refresh_from_db()


def _say(call: Call, verb: twiml.Verb) -> None:
    """The caller hears it at once: speech takes no time on this line, only a pause does."""
    legs.pick_up(call)
    call.heard.append(verb["text"] if verb["name"] == "Say" else f"♪ {verb['text']}")
    call.save(update_fields=["heard"])


def _pause(call: Call, verb: twiml.Verb, rest: list[twiml.Verb]) -> None:
    legs.pick_up(call)
    seconds = twiml.seconds(verb, "length", default=1, at_most=MAX_PAUSE_SECONDS)
    resume_at = timezone.now() + timedelta(seconds=seconds)
    _keep(call, rest, call.program_url, resume_at=resume_at)


def _reject(call: Call, verb: twiml.Verb) -> None:
    """Nobody picks up; the caller hears engaged or, ``rejected``, that there is no such line."""
    if verb["attributes"].get("reason") == "busy":
        legs.end(call, Call.Status.BUSY)
        return
    call.heard.append(NOT_IN_SERVICE)
    call.save(update_fields=["heard"])
    legs.end(call, Call.Status.FAILED)


def _dial(call: Call, verb: twiml.Verb, rest: list[twiml.Verb]) -> Call | None:
    """Let the first number ring; None, and an Alert, when it must not.

    The document's rest, or its ``action`` in place of it, goes on when that leg has ended.
    """
    attributes = verb["attributes"]
    if attributes.get("answerOnBridge") != "true":
        legs.pick_up(call)
    if action := attributes.get("action"):
        rest = [twiml.Verb(name="Redirect", attributes={}, text=action)]
    _keep(call, rest, call.program_url)
    caller_id = attributes.get("callerId") or call.from_number
    ours = {call.from_number, call.to}
    if caller_id not in ours and not _is_owned(caller_id):
        code, reason = alerts.INVALID_CALLER_ID, "callerId is neither of this call nor ours"
    elif not numbering.is_e164(verb["text"]):
        code, reason = alerts.INVALID_NUMBER, "Dial needs one number, E.164"
    else:
        return legs.ring(
            call,
            caller_id=caller_id,
            to=verb["text"],
            seconds=twiml.seconds(verb, "timeout", default=RING_SECONDS, at_most=600),
        )
    alerts.raise_alert(code, reason, resource_sid=call.sid, request_url=call.program_url)
    return None


def _is_owned(number: str) -> bool:
    return IncomingPhoneNumber.objects.filter(phone_number=number).exists()


def _fetch(call: Call, url: str, leg: Call | None = None) -> list[twiml.Verb] | None:
    """The next document; None, and an Alert, when there is none. *leg* tells how a Dial went."""
    fields = call_fields(call)
    if leg is not None:
        fields |= {
            "DialCallSid": leg.sid,
            "DialCallStatus": leg.status,
            "DialCallDuration": str(leg.duration),
        }
    try:
        return twiml.fetch(url, fields)
    except twiml.NoDocument as failure:
        alerts.raise_alert(
            failure.code,
            f"No TwiML for a call: {failure}",
            resource_sid=call.sid,
            request_url=url,
            response_status=failure.status,
        )
        return None
