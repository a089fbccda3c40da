"""One Interaction is one message or call inside a Session: asked about first, then reported."""

import json

import structlog

from proxying.switchboard import alerts, webhooks
from proxying.switchboard.models import Call, Interaction, Message
from proxying.switchboard.sessions import Route
from proxying.switchboard.traffic.fields import callback_fields, intercept_fields

log = structlog.get_logger(__name__)

FORBIDDEN = 403


def begin(route: Route, inbound: Message | Call) -> Interaction:
    """The row, before anything went out: what the intercept callback is asked about."""
    text = inbound.body if isinstance(inbound, Message) else None
    return Interaction.objects.create(
        session=route.session,
        type=Interaction.Type.VOICE if text is None else Interaction.Type.MESSAGE,
        data="" if text is None else json.dumps({"body": text}),
        inbound_participant=route.inbound,
        inbound_resource_sid=inbound.sid,
        inbound_resource_status=inbound.status,
        inbound_resource_type=type(inbound).__name__,
        outbound_participant=route.outbound,
    )


def admitted(interaction: Interaction) -> bool:
    """Ask the intercept callback. Only a 403 blocks; any other answer, or none, lets it pass.

    https://www.twilio.com/docs/proxy/api/webhooks
    """
    service = interaction.session.service
    url = service.intercept_callback_url
    if not url:
        return True
    try:
        answer = webhooks.post(url, intercept_fields(interaction))
    except webhooks.NoAnswer as failure:
        log.warning("intercept_not_answered", interaction=interaction.sid, reason=str(failure))
        return True
    if answer.status != FORBIDDEN:
        return True
    alerts.raise_alert(
        alerts.BLOCKED_BY_INTERCEPT,
        "The intercept callback answered 403",
        resource_sid=interaction.sid,
        service_sid=service.sid,
        request_url=url,
        response_status=answer.status,
    )
    return False


def report(
    interaction: Interaction,
    *,
    inbound_status: str | None = None,
    outbound: Message | Call | None = None,
    outbound_status: str | None = None,
    data: str | None = None,
) -> None:
    """Write down what changed, then tell the callback URL, which cannot change anything."""
    if inbound_status is not None:
        interaction.inbound_resource_status = inbound_status
    if outbound is not None:
        interaction.outbound_resource_sid = outbound.sid
        interaction.outbound_resource_type = type(outbound).__name__
        interaction.outbound_resource_status = outbound_status or outbound.status
    if data is not None:
        interaction.data = data
    interaction.save()
    url = interaction.session.service.callback_url
    if not url:
        return
    try:
        answer = webhooks.tell(url, callback_fields(interaction))
    except webhooks.NoAnswer as failure:
        log.warning("callback_not_answered", interaction=interaction.sid, reason=str(failure))
    else:
        if answer and not answer.ok:
            log.warning("callback_refused", interaction=interaction.sid, status=answer.status)


def report_call(call: Call, leg: Call | None) -> None:
    """Tell of a call's new state, when it is one of a Session. *leg* is what rang elsewhere."""
    interaction = (
        Interaction.objects.select_related("session__service")
        .filter(inbound_resource_sid=call.sid)
        .first()
    )
    if interaction is None:
        return
    ended = call.ended_at is not None
    report(
        interaction,
        inbound_status=call.status,
        outbound=leg,
        data=json.dumps({"duration": str(call.duration)}) if ended else None,
    )
