"""What happens in Sessions: who is blocked, and how far each message and call has got.

Neither text nor number is kept.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from django.db import IntegrityError
from django.db.models import Case, Exists, F, OuterRef, Q, SmallIntegerField, Subquery, Value, When

from proxying.models import Block, Interaction, ProxyService, ProxySession
from proxying.signatures import Fields

# How far along a resource is. Callbacks may come late, twice and out of order, so a status
# only ever replaces one of a lower rank.
# https://www.twilio.com/docs/proxy/api/interaction
_RANKS: Final = {
    status: rank
    for rank, statuses in enumerate(
        (
            "unknown accepted scheduled initiated",
            "queued receiving",
            "ringing sending",
            "in-progress answered sent received",
            "delivery-unknown",
            "busy canceled completed deleted delivered failed no-answer undelivered",
        )
    )
    for status in statuses.split()
}
_UNKNOWN_RANK: Final = -1


@dataclass(frozen=True)
class Event:
    """One callback about one interaction. Statuses are Twilio's words, lower case."""

    service_sid: str
    session_sid: str
    interaction_sid: str
    type: str
    inbound_resource_sid: str
    inbound_status: str
    outbound_status: str

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        """From the fields of an interaction or intercept callback.

        https://www.twilio.com/docs/proxy/api/webhooks
        """
        return cls(
            service_sid=fields["interactionServiceSid"],
            session_sid=fields["interactionSessionSid"],
            interaction_sid=fields["interactionSid"],
            type=fields.get("interactionType", "").lower()[:16],
            inbound_resource_sid=fields.get("inboundResourceSid", ""),
            inbound_status=fields.get("inboundResourceStatus", "").lower()[:20],
            outbound_status=fields.get("outboundResourceStatus", "").lower()[:20],
        )


def is_blocked(event: Event) -> bool:
    """Whether the seller of this Session has blocked its buyer. One query."""
    blocks = Block.objects.filter(
        seller=OuterRef("reserved_number__seller"), buyer_index=OuterRef("buyer_index")
    )
    return ProxySession.objects.filter(_of(event)).filter(Exists(blocks)).exists()


def record(event: Event) -> None:
    """Writes down how far the interaction has got; any order, any number of times.

    Events of a Service that is not ours leave no trace.
    """
    service = (
        ProxyService.objects.filter(service_sid=event.service_sid)
        .annotate(
            proxy_session_id=Subquery(
                ProxySession.objects.filter(_of(event))
                .order_by(F("session_sid").asc(nulls_last=True))
                .values("pk")[:1]
            )
        )
        .first()
    )
    if service is None:
        return
    if service.proxy_session_id:
        # Of two texts that began one Session together, each with a row of its own, one gives
        # its row the SID. No transaction is open here that the other's failure could end.
        with suppress(IntegrityError):
            ProxySession.objects.filter(pk=service.proxy_session_id, session_sid=None).update(
                session_sid=event.session_sid
            )
    Interaction.objects.bulk_create(
        [
            Interaction(
                interaction_sid=event.interaction_sid,
                session_sid=event.session_sid,
                proxy_session_id=service.proxy_session_id,
                type=event.type,
            )
        ],
        ignore_conflicts=True,
    )
    Interaction.objects.filter(interaction_sid=event.interaction_sid).update(
        **_furthest("inbound", event.inbound_status),
        **_furthest("outbound", event.outbound_status),
    )


def _of(event: Event) -> Q:
    # The callback names the Session by a SID that we first hear here. What ties it to ours
    # is the call or text that caused it: its first interaction.
    return Q(session_sid=event.session_sid) | Q(
        session_sid=None, contact_sid=event.inbound_resource_sid
    )


def _furthest(leg: str, status: str) -> dict[str, Case]:
    rank = _RANKS.get(status, _UNKNOWN_RANK)
    behind = {f"{leg}_rank__lt": rank}
    return {
        f"{leg}_status": Case(When(**behind, then=Value(status)), default=F(f"{leg}_status")),
        f"{leg}_rank": Case(
            When(**behind, then=Value(rank)),
            default=F(f"{leg}_rank"),
            output_field=SmallIntegerField(),
        ),
    }
