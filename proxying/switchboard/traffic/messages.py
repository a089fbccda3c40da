"""Texts: from a phone to a number of ours, through Proxy or TwiML, to another phone."""

from datetime import timedelta
from typing import Final
from urllib.parse import urljoin

from django.utils import timezone

from proxying.switchboard import alerts, sessions, webhooks
from proxying.switchboard.models import (
    IncomingPhoneNumber,
    Message,
    Phone,
    PhoneNumber,
    Service,
)
from proxying.switchboard.sessions import Route
from proxying.switchboard.traffic import interactions, out_of_session, twiml
from proxying.switchboard.traffic.fields import message_fields, status_fields

# Dropped by Proxy without a word to anybody.
# https://www.twilio.com/docs/proxy/opt-out-keywords
OPT_OUT_WORDS: Final = frozenset(
    [
        "STOP",
        "REVOKE",
        "OPTOUT",
        "UNSUBSCRIBE",
        "END",
        "CANCEL",
        "QUIT",
        "STOPALL",
        "ARRETT",
        "ARRET",
        "ARRETE",
        "UNSTOP",
    ]
)
UNREACHABLE: Final = 30003
LOOP_WINDOW: Final = timedelta(seconds=30)
LOOP_LIMIT: Final = 30
MAX_REDIRECTS: Final = 10
MAX_BODY: Final = 1600
# A text that is forwarded from one of our numbers to the next may come round in a ring
# wider than the loop guard sees.
MAX_HOPS: Final = 10


def text(from_number: str, to: str, body: str) -> Message:
    """A person presses Send on a phone. The row says how far it came."""
    if number := _owned(to):
        return _arrive(from_number, number, body, hops=0)
    return _hand_over(from_number, to, body, Message.Direction.DIRECT)


def deliver(
    *,
    from_: str,
    to: str,
    body: str,
    direction: str = Message.Direction.OUTBOUND_API,
    hops: int = 0,
) -> Message:
    """Send a text from a number of ours (or a sender's name) towards *to*.

    ``undelivered`` with 30003 when nobody has that number; ``failed`` with 14107 once more
    than 30 went the same way within 30 seconds.
    """
    if _loops(from_, to) or hops >= MAX_HOPS:
        failed = Message.objects.create(
            from_number=from_,
            to=to,
            body=body,
            direction=direction,
            status=Message.Status.FAILED,
            error_code=alerts.MESSAGE_LOOP,
        )
        alerts.raise_alert(
            alerts.MESSAGE_LOOP,
            "Texts go round in a ring, or more than 30 in 30 seconds between two numbers",
            resource_sid=failed.sid,
        )
        return failed
    if number := _owned(to):
        sent = Message.objects.create(
            from_number=from_,
            to=to,
            body=body,
            direction=direction,
            status=Message.Status.DELIVERED,
        )
        _arrive(from_, number, body, hops=hops + 1)
        return sent
    return _hand_over(from_, to, body, direction)


def tell_status(message: Message, url: str) -> None:
    """Post how an outgoing text ended, once; an Alert when nobody takes it.

    https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
    """
    try:
        answer = webhooks.post(url, status_fields(message))
    except webhooks.NoAnswer as failure:
        code, status = failure.code, None
    else:
        if answer.ok:
            return
        code, status = webhooks.RETRIEVAL_FAILED, answer.status
    alerts.raise_alert(
        code,
        "A status callback was not taken",
        resource_sid=message.sid,
        request_url=url,
        response_status=status,
    )


def _loops(from_number: str, to: str) -> bool:
    return (
        Message.objects.filter(
            from_number=from_number,
            to=to,
            direction__in=[Message.Direction.OUTBOUND_API, Message.Direction.OUTBOUND_REPLY],
            date_created__gt=timezone.now() - LOOP_WINDOW,
        ).count()
        >= LOOP_LIMIT
    )


def _hand_over(from_number: str, to: str, body: str, direction: str) -> Message:
    reached = Phone.objects.filter(number=to).exists()
    return Message.objects.create(
        from_number=from_number,
        to=to,
        body=body,
        direction=direction,
        status=Message.Status.DELIVERED if reached else Message.Status.UNDELIVERED,
        error_code=None if reached else UNREACHABLE,
    )


def _owned(number: str) -> IncomingPhoneNumber | None:
    return IncomingPhoneNumber.objects.filter(phone_number=number).first()


def _arrive(from_number: str, number: IncomingPhoneNumber, body: str, *, hops: int) -> Message:
    """A text has reached a number of ours: find out whom it is for."""
    message = Message.objects.create(
        from_number=from_number,
        to=number.phone_number,
        body=body,
        direction=Message.Direction.INBOUND,
        status=Message.Status.RECEIVED,
    )
    pooled = PhoneNumber.objects.select_related("service").filter(pk=number.pk).first()
    if pooled is None:
        if number.sms_url and (script := _fetch(number.sms_url, message)):
            _obey(message, script, hops)
        return message
    if body.strip().upper() in OPT_OUT_WORDS:
        alerts.raise_alert(
            alerts.STOP_WORD_DROPPED,
            "A stop word was dropped",
            resource_sid=message.sid,
            service_sid=pooled.service.sid,
        )
        return message
    _through_proxy(message, pooled.service, hops)
    return message


def _through_proxy(message: Message, service: Service, hops: int) -> None:
    route = sessions.active_route(message.from_number, message.to)
    if route is not None:
        _relay(route, message, hops)
        return
    contact = out_of_session.Contact(
        sid=message.sid,
        from_number=message.from_number,
        to=message.to,
        fields=message_fields(message),
        code_without_callback=alerts.NO_ROUTE,
    )
    match out_of_session.ask(service, contact):
        case Route() as created:
            _relay(created, message, hops)
        case out_of_session.Script() as script:
            _obey(message, script, hops)


def _relay(route: Route, message: Message, hops: int) -> None:
    """Forward inside a Session, under the number the addressee knows."""
    if route.session.mode == "voice-only":
        alerts.raise_alert(
            alerts.MESSAGE_INTO_VOICE_ONLY,
            "A message reached a voice-only Session",
            resource_sid=message.sid,
            service_sid=route.session.service_id,
        )
        return
    interaction = interactions.begin(route, message)
    if not interactions.admitted(interaction):
        return
    sessions.touch(route.session)
    forwarded = deliver(
        from_=route.outbound.proxy_identifier,
        to=route.outbound.identifier,
        body=message.body,
        direction=Message.Direction.OUTBOUND_REPLY,
        hops=hops,
    )
    if forwarded.status != Message.Status.FAILED:
        interactions.report(interaction, outbound=forwarded, outbound_status="sent")
    interactions.report(interaction, outbound=forwarded)


def _obey(message: Message, script: out_of_session.Script, hops: int) -> None:
    """Send each ``<Message>``; a ``<Redirect>`` goes on elsewhere and ends the document."""
    for _ in range(MAX_REDIRECTS):
        redirect = None
        for verb in script.verbs:
            if verb["name"] == "Message":
                deliver(
                    from_=message.to,
                    to=verb["attributes"].get("to", message.from_number),
                    body=verb["text"][:MAX_BODY],
                    direction=Message.Direction.OUTBOUND_REPLY,
                    hops=hops,
                )
            elif verb["name"] == "Redirect":
                redirect = urljoin(script.url, verb["text"])
                break
            else:
                alerts.raise_alert(
                    alerts.UNKNOWN_VERB,
                    f"No verb of a message: {verb['name']}",
                    resource_sid=message.sid,
                )
        next_script = redirect and _fetch(redirect, message)
        if not next_script:
            return
        script = next_script


def _fetch(url: str, message: Message) -> out_of_session.Script | None:
    """TwiML from *url* for this message; None, and an Alert, when there is none to be had."""
    try:
        return out_of_session.Script(twiml.fetch(url, message_fields(message)), url)
    except twiml.NoDocument as failure:
        alerts.raise_alert(
            failure.code,
            f"No TwiML for a message: {failure}",
            resource_sid=message.sid,
            request_url=url,
            response_status=failure.status,
        )
        return None
