"""What happens in Sessions: what is refused, and how far each message and call has got.

Neither text nor number is kept.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, SmallIntegerField, Value, When
from django.utils import timezone

from proxying import abuse, hours, limits, missed_texts, passed_on_codes, ranks
from proxying.known_buyers import are_known
from proxying.models import Block, Interaction, ProxyService, ProxySession, ReservedNumber
from proxying.provisioning.ending import UNTIL_IT_IS_MADE, sessions_to_close
from proxying.signatures import Fields

_HALF_A_MINUTE: Final = timedelta(seconds=30)
_AN_HOUR: Final = timedelta(hours=1)

# A listing's reference as our pages put it into a text: five signs in brackets.
_IN_BRACKETS: Final = re.compile(r"\(([23456789A-HJKMNP-TV-Z]{5})\)")
# A text that is nothing else. With a digit, or a word such as GREAT would pass for one.
_ALONE: Final = re.compile(r"\s*((?=[A-Z]*[2-9])[23456789A-HJKMNP-TV-Z]{5})\s*")


def _now() -> str:
    return timezone.now().isoformat()


@dataclass(frozen=True)
class Event:
    """One callback about one interaction. Statuses are Twilio's words, lower case.

    *told_at* is ISO 8601: what is put aside and written down later happened then.
    """

    service_sid: str
    session_sid: str
    interaction_sid: str
    type: str
    item_reference: str
    code_index: str
    inbound_participant_sid: str
    inbound_resource_sid: str
    inbound_status: str
    outbound_status: str
    told_at: str = field(default_factory=_now)

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        """From the fields of an interaction or intercept callback.

        https://www.twilio.com/docs/proxy/api/webhooks
        """
        body = _body(fields.get("interactionData", ""))
        return cls(
            service_sid=fields["interactionServiceSid"],
            session_sid=fields["interactionSessionSid"],
            interaction_sid=fields["interactionSid"],
            type=fields.get("interactionType", "").lower()[:16],
            item_reference=_item_reference(body),
            code_index=passed_on_codes.code_index(body),
            inbound_participant_sid=fields.get("inboundParticipantSid", "")[:34],
            inbound_resource_sid=fields.get("inboundResourceSid", ""),
            inbound_status=fields.get("inboundResourceStatus", "").lower()[:20],
            outbound_status=fields.get("outboundResourceStatus", "").lower()[:20],
        )

    @property
    def is_text(self) -> bool:
        return self.type == "message"


def is_refused(event: Event) -> bool:
    """Whether this call or text in a Session must not go through.

    A blocked pair, a phone that is the seller's no longer, a number or seller out of service,
    a phone that forwards its calls, what goes faster than people do: neither way. A seller
    who is away, calls in the quiet hours, a caller in quarantine, a stranger on a number that
    the seller moved from: not from the buyer. A code that a seller passes on: at first.
    Sessions unknown to us: only while one that is to be closed may be meant. At most three
    queries, and two writes to warn of a code; one more at the first interaction, to know the
    Session by its SID, and two more for a Session that we do not know.
    """
    session = _told_of(event)
    if session is None:
        may_be_another = _unnamed_to_close().filter(_of_the_service(event)).exists()
        # Again, for it may have been told of since, and is not unnamed for that.
        session = _told_of(event)
        if session is None:
            return may_be_another and _stopped_until_known(event)
    if session.session_sid is None:
        # The callback that tells of this interaction may never come, and the next one names
        # the Session alone.
        _learn(event, session)
    return (
        session.is_blocked
        or session.rings_an_old_phone
        or _is_out_of_service(session)
        or _is_forwarded(event, session)
        or (_is_from_buyer(event, session) is True and _buyer_may_not(event, session))
        or _is_too_fast(session)
        or (_is_from_buyer(event, session) is False and _is_warned(event, session))
    )


def _told_of(event: Event) -> Any:
    """The Session with all that the decision needs, or None. One query."""
    blocks = Block.objects.filter(
        seller=OuterRef("reserved_number__seller"), buyer_index=OuterRef("buyer_index")
    )
    sessions = (
        _session_of(event)
        .select_related("reserved_number__seller")
        .annotate(
            is_blocked=Exists(blocks),
            buyer_is_quarantined=abuse.is_quarantined(OuterRef("buyer_index")),
            buyer_rings=abuse.is_ringing(OuterRef("buyer_index")),
            seller_rings=abuse.is_ringing(OuterRef("reserved_number__seller__phone_number_index")),
            # Looked up only for a number that its seller has moved from.
            is_known=Case(
                When(
                    reserved_number__status=ReservedNumber.Status.RETIRING,
                    then=are_known(
                        seller=OuterRef("reserved_number__seller"),
                        buyers=[OuterRef("buyer_index")],
                    ),
                ),
                default=Value(value=False),
            ),
        )
    )
    return sessions.first()


def _stopped_until_known(event: Event) -> bool:
    """A text is passed on later, to whomever it is for by then."""
    if event.is_text and event.inbound_resource_sid:
        missed_texts.promise(event.inbound_resource_sid)
    return True


def _is_out_of_service(session: ProxySession) -> bool:
    number = session.reserved_number
    seller = number.seller
    if seller.suspended_at or seller.phone_verified_at is None:
        return True
    return not (number.is_active or number.is_left)


def _is_forwarded(event: Event, session: Any) -> bool:
    """Whether a phone is calling that rings through us itself."""
    if event.is_text:
        return False
    from_buyer = _is_from_buyer(event, session)
    return bool(session.buyer_rings if from_buyer else session.seller_rings)


def _buyer_may_not(event: Event, session: Any) -> bool:
    seller, now = session.reserved_number.seller, timezone.now()
    return (
        session.buyer_is_quarantined
        or (session.reserved_number.is_left and not session.is_known)
        or hours.is_away(seller, now)
        or (not event.is_text and hours.is_quiet(seller, now))
    )


def _is_too_fast(session: ProxySession) -> bool:
    """Two machines that answer each other would go on for ever."""
    return not limits.take(
        f"said.{session.pk}", limit=settings.INTERACTIONS_IN_HALF_A_MINUTE, window=_HALF_A_MINUTE
    )


def _is_warned(event: Event, session: ProxySession) -> bool:
    """Whether the seller is about to give a code away, and has to be told first."""
    return bool(event.code_index) and passed_on_codes.is_first(
        session, event.code_index, event.interaction_sid
    )


def record(event: Event) -> None:
    """Writes down how far the interaction has got; any order, any number of times.

    Events of a Service that is not ours leave no trace. At most four statements.
    """
    session = _session_of(event).first()
    if session is None and not _is_of_our_service(event):
        return
    changes: dict[str, Any] = {}
    if session:
        _learn(event, session)
        changes = {"proxy_session": session, "from_buyer": _is_from_buyer(event, session)}
    if event.item_reference:
        changes["item_reference"] = event.item_reference
    Interaction.objects.bulk_create(
        [
            Interaction(
                interaction_sid=event.interaction_sid,
                session_sid=event.session_sid,
                type=event.type,
                created_at=datetime.fromisoformat(event.told_at),
            )
        ],
        ignore_conflicts=True,
    )
    Interaction.objects.filter(interaction_sid=event.interaction_sid).update(
        **changes,
        **_furthest("inbound", event.inbound_status),
        **_furthest("outbound", event.outbound_status),
    )


def _session_of(event: Event) -> QuerySet[ProxySession]:
    # The callback names the Session by a SID that we first hear here. What ties it to ours
    # is the call or text that caused it: its first interaction. The row that has the SID
    # comes before another text's that has none. Of two texts that Proxy asks about at once, each
    # has a row, and the first answer makes the one Session: while another row of the pair is to be
    # closed, that may be its own, and rings another phone than the one of this text's row. One
    # that was there long before is not: with it open, Proxy would not have asked again.
    of_the_pair = (
        _unnamed_to_close()
        .filter(
            reserved_number=OuterRef("reserved_number"),
            buyer_index=OuterRef("buyer_index"),
            created_at__gt=OuterRef("created_at") - UNTIL_IT_IS_MADE,
        )
        .exclude(pk=OuterRef("pk"))
    )
    return ProxySession.objects.filter(
        Q(session_sid=event.session_sid)
        | Q(~Exists(of_the_pair), session_sid=None, contact_sid=event.inbound_resource_sid),
        _of_the_service(event),
    ).order_by(F("session_sid").asc(nulls_last=True))


def _of_the_service(event: Event) -> Q:
    return Q(reserved_number__service__service_sid=event.service_sid)


def _unnamed_to_close() -> QuerySet[ProxySession]:
    """In which nobody may speak any more, and of whose Session we were not told, if it is there."""
    lately = timezone.now() - timedelta(seconds=settings.PROXY_SESSION_TTL) - _AN_HOUR
    return sessions_to_close().filter(session_sid=None, created_at__gt=lately)


def _is_of_our_service(event: Event) -> bool:
    return ProxyService.objects.filter(service_sid=event.service_sid).exists()


def _learn(event: Event, session: ProxySession) -> None:
    """Keeps the Session's SID and which of its participants began it, once each is told."""
    learned = {}
    if session.session_sid is None:
        learned["session_sid"] = event.session_sid
    if not session.first_participant_sid and _is_first(event, session):
        learned["first_participant_sid"] = event.inbound_participant_sid
    if not any(learned.values()):
        return
    # Of two texts that began one Session together, each with a row of its own, one gives
    # its row the SID. No transaction is open here that the other's failure could end.
    with suppress(IntegrityError):
        ProxySession.objects.filter(pk=session.pk).filter(
            Q(session_sid=None) | Q(session_sid=event.session_sid)
        ).update(**learned)


def _is_first(event: Event, session: ProxySession) -> bool:
    return event.inbound_resource_sid == session.contact_sid


def _is_from_buyer(event: Event, session: ProxySession) -> bool | None:
    """Who called or texted; None while nothing tells."""
    if _is_first(event, session):
        return not session.begun_by_seller
    if session.first_participant_sid and event.inbound_participant_sid:
        began_it = event.inbound_participant_sid == session.first_participant_sid
        return began_it != session.begun_by_seller
    return None


def _body(data: str) -> str:
    """The text in ``{"body": ...}``; empty for calls, and for what is no such thing."""
    try:
        body = json.loads(data)["body"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return body if isinstance(body, str) else ""


def _item_reference(body: str) -> str:
    """The listing that a text names; empty when it names none."""
    named = _IN_BRACKETS.search(body) or _ALONE.fullmatch(body)
    return named[1] if named else ""


def _furthest(leg: str, status: str) -> dict[str, Case]:
    rank = ranks.RANKS.get(status, ranks.UNKNOWN)
    behind = {f"{leg}_rank__lt": rank}
    return {
        f"{leg}_status": Case(When(**behind, then=Value(status)), default=F(f"{leg}_status")),
        f"{leg}_rank": Case(
            When(**behind, then=Value(rank)),
            default=F(f"{leg}_rank"),
            output_field=SmallIntegerField(),
        ),
    }
