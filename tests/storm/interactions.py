"""What Twilio tells of interactions, told one to five times, shuffled and late."""

import random
from typing import Any
from unittest import mock

from django.db.models import SmallIntegerField, Value

from proxying import interactions
from proxying.models import Interaction, ProxySession
from proxying.ranks import RANKS, UNKNOWN
from proxying.signatures import Fields
from tests.proxying import factories
from tests.storm import Result
from tests.storm.forged_posts import ACCOUNT, sid

FIGURE = 9
TITLE = "Interactions told one to five times, shuffled and late"
N = 20_000
SMALL = 200
CONTROL = 200

_CALL = (("initiated", ""), ("ringing", "initiated"), ("in-progress", "ringing"),
         ("in-progress", "answered"), ("completed", "completed"))  # fmt: skip
_TEXT = (("received", ""), ("received", "queued"), ("received", "sent"), ("received", "delivered"))
_LOST = (("received", ""), ("received", "queued"), ("received", "undelivered"))
# So many interactions are under way at once: a late event comes among those of others.
_AT_ONCE = 200
_SHOWN = ("type", "from_buyer", "item_reference", "inbound_status", "inbound_rank",
          "outbound_status", "outbound_rank")  # fmt: skip


def run(n: int, seed: int) -> Result:
    """*n* deliveries; what is kept of each interaction is what its orderly story leaves."""
    chance = random.Random(seed)
    seller = factories.tom()
    number = seller.reserved_number
    told = wrong = different = 0
    while told < n:
        # Each of some four events is told three times on the whole.
        fitting = min(_AT_ONCE, (n - told) // 12 + 1)
        stories = [_story(chance, number) for _ in range(fitting)]
        expected = [_left_by(story) for story in stories]
        Interaction.objects.all().delete()
        ProxySession.objects.update(session_sid=None, first_participant_sid="")
        deliveries = [
            event for story in stories for event in story for _ in range(chance.randint(1, 5))
        ]
        chance.shuffle(deliveries)
        for event in deliveries:
            interactions.record(interactions.Event.parse(event))
        told += len(deliveries)
        different += len(stories)
        wrong += sum(
            _kept(story) != orderly for story, orderly in zip(stories, expected, strict=True)
        )
        wrong += abs(Interaction.objects.count() - len(stories))
        Interaction.objects.all().delete()
        ProxySession.objects.all().delete()
    return Result(
        held=not wrong,
        measured=f"{different} interactions told {told} times, {wrong} kept not as in order",
    )


def control(n: int, seed: int) -> Result:
    """The last that is told counts, however far along it was before."""

    def last(leg: str, status: str) -> dict[str, Any]:
        rank = Value(RANKS.get(status, UNKNOWN), output_field=SmallIntegerField())
        return {f"{leg}_status": status, f"{leg}_rank": rank}

    with mock.patch.object(interactions, "_furthest", last):
        return run(n, seed)


def _story(chance: random.Random, number: Any) -> list[Fields]:
    """The events of one interaction, the first of its Session, in order."""
    steps = chance.choice([_CALL, _TEXT, _LOST])
    contact = sid("CA" if steps is _CALL else "SM", chance)
    ProxySession.objects.create(
        reserved_number=number,
        buyer_index=f"{chance.getrandbits(256):064x}",
        unique_name=contact,
        contact_sid=contact,
        begun_by_seller=chance.random() < 0.2,
    )
    same = {
        "interactionAccountSid": ACCOUNT,
        "interactionServiceSid": number.service.service_sid,
        "interactionSessionSid": sid("KC", chance),
        "interactionSid": sid("KI", chance),
        "interactionType": "Voice" if steps is _CALL else "Message",
        "interactionData": chance.choice(['{"body":"Still there? (K7Q2M)"}', ""]),
        "inboundParticipantSid": sid("KP", chance),
        "inboundResourceSid": contact,
        "outboundParticipantSid": sid("KP", chance),
    }
    return [
        {**same, "inboundResourceStatus": inbound, "outboundResourceStatus": outbound}
        for inbound, outbound in steps
    ]


def _left_by(story: list[Fields]) -> tuple[Any, ...]:
    for event in story:
        interactions.record(interactions.Event.parse(event))
    return _kept(story)


def _kept(story: list[Fields]) -> tuple[Any, ...]:
    rows = list(
        Interaction.objects.filter(interaction_sid=story[0]["interactionSid"]).values_list(
            *_SHOWN, "proxy_session__session_sid", "proxy_session__first_participant_sid"
        )
    )
    return tuple(rows)
