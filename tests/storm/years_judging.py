"""Twilio's side, watched: every answer of our callbacks, and whatever reaches a phone."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ObjectDoesNotExist
from django.urls import reverse

from proxying import aside, callbacks, hold
from proxying.missed_texts import PASSED_ON_WITHIN
from proxying.models import MissedText, ReservedNumber
from proxying.routing import Answer as Sentence
from proxying.switchboard.alerts import INVALID_CALLER_ID
from proxying.switchboard.errors import Rule
from proxying.switchboard.models import (
    Alert,
    Call,
    IncomingPhoneNumber,
    Message,
    Participant,
    Session,
)
from proxying.switchboard.webhooks import Answer
from tests.storm.years_model import AWAY, NEUTRAL, QUIET, Earlier, Model, Talk
from tests.storm.years_world import World

Fields = dict[str, str]

_NOT_NOW: Final = "not now"
# Why Twilio may connect nobody, though it was told whom: too few numbers.
_NO_NUMBER_IS_FREE: Final = {
    Rule.NO_COMPATIBLE_NUMBER.value[0],
    Rule.ONLY_RESERVED_NUMBERS.value[0],
    Rule.ALL_NUMBERS_IN_USE.value[0],
}
_A_SILENCE: Final = timedelta(minutes=1)
_SESSIONS_ARE_KEPT: Final = timedelta(days=90)
_TAG: Final = re.compile(r"#(\d+)#")
_RUNG: Final = re.compile(rb"<Number>([^<]+)</Number>")
_SENTENCES: Final = {
    callbacks.spoken(Sentence.NEUTRAL): NEUTRAL,
    callbacks.spoken(Sentence.AWAY): AWAY,
    callbacks.spoken(Sentence.QUIET): QUIET,
    callbacks.NEUTRAL_MESSAGE: "",
}


@dataclass
class Contact:
    """One call or text from a phone, and whom it may reach by what was answered."""

    sender: str
    dialled: str
    at: datetime
    # At Twilio; empty before we were asked.
    sid: str = ""
    is_call: bool = False
    earlier: Earlier | None = None
    reaches: str = ""
    must_arrive: bool = False
    # That we would try again: a text only.
    is_promised: bool = False
    # A text of which nobody of ours was there to be told.
    is_unheard: bool = False
    came: int = 0


class Judge:
    """Collects what was wrong in *violations*, a sentence each. No sentence holds a number."""

    def __init__(self, world: World, model: Model, phones: list[str]) -> None:
        self.violations: list[str] = []
        self.contacts: dict[str, Contact] = {}
        self.unplaced = 0
        self.connected = 0
        self.turned_away = 0
        self.passed_on = 0
        self.in_sessions = 0
        # Of these, how many had but one right answer.
        self.strictly = 0
        self._world, self._model, self._phones = world, model, set(phones)
        self._seen: set[str] = set()
        self._participants: dict[str, str] = {}
        self._since = world.now
        self._web_seen: datetime | None = None
        self._current: Contact | None = None
        self._paths = {
            reverse("out_of_session_callback"): self._out_of_session,
            reverse("intercept_callback"): self._intercept,
            reverse("interaction_callback"): self._interaction,
            **{reverse(f"hold_{turn}"): self._out_of_session for turn in range(1, hold.TURNS + 1)},
        }
        world.on_webhook = self._hear

    # What is asked and answered

    def _hear(self, url: str, fields: Fields, answer: Answer | None) -> None:
        self._paths[urlsplit(url).path](fields, answer)

    def _out_of_session(self, fields: Fields, answer: Answer | None) -> None:
        sid, is_call, earlier = _sid(fields), "CallSid" in fields, _earlier(fields)
        right = self._model.answers(
            fields["From"], fields["To"], is_call=is_call, earlier=earlier, now=self._world.now
        )
        if self._current:
            self._current.sid, self._current.is_call = sid, is_call
            self._current.earlier = earlier
            number = self._model.numbers.get(fields["To"])
            # A seller who answers at a number of the pool is not looked for.
            is_dialled = number is not None and number.is_dialled
            may_be_owed = is_dialled and not is_call and right <= self._phones
            self._current.is_unheard = answer is None and may_be_owed
        if answer is not None:
            self._answered(fields, answer, earlier, right)

    def _answered(
        self, fields: Fields, answer: Answer, earlier: Earlier | None, right: set[str]
    ) -> None:
        model, now = self._model, self._world.now
        sender, dialled, is_call = fields["From"], fields["To"], "CallSid" in fields
        sid = _sid(fields)
        said = _said(answer, is_call=is_call)
        away = self._world.is_database_away
        # In an old Session, while another one of the two is open or, as nobody knew, may be.
        is_promised = _is_to_be_passed_on(sid) or self._lies_aside(sid)
        is_beside = earlier is not None and is_promised and not away and right <= self._phones
        if is_beside:
            said = next(iter(right))
        elif said == "" and not is_call:  # silence, whatever the cause
            said = next((one for one in (NEUTRAL, AWAY) if one in right), NEUTRAL)
        fine = right | {_NOT_NOW, NEUTRAL} if away else right
        if away and earlier:
            # Memory may not tell that the number has left the pool.
            fine |= model.answers_in_old_talk(sender, earlier, is_call=is_call, now=now)
        if said not in fine:
            self._wrong(f"answered {self._called(said)}, right is {self._called(*right)}")
        number = model.numbers.get(dialled)
        if number is not None and number.state == "resting" and not away:
            number.last_contact = now
        reached = said in self._phones
        if reached and earlier and answer.content_type != "application/json":
            # Our row says that the seller spoke, and no Session tells how it went on.
            self._model.has_spoken(self._model.talks[earlier.unique_name], in_doubt=True)
        self.connected, self.turned_away = (
            self.connected + reached,
            self.turned_away + (not reached),
        )
        if reached:
            self._remember(fields, answer, said, in_doubt=away)
        if self._current:
            self._current.reaches = said if reached and not is_beside else ""
            # Told so or, once a day is enough, not: a text that nobody may have yet is kept.
            self._current.is_promised = is_beside or (
                away and not is_call and not reached and right <= self._phones
            )

    def _remember(self, fields: Fields, answer: Answer, phone: str, *, in_doubt: bool) -> None:
        if answer.content_type != "application/json":
            return  # dialled by ourselves: Proxy made no Session
        told = json.loads(answer.body)
        by_seller = told.get("participantProxyIdentifier")
        buyer, phone = (phone, fields["From"]) if by_seller else (fields["From"], phone)
        number = by_seller or fields["To"]
        holder = self._model.numbers[number].seller
        talk = self._model.talks.setdefault(
            told["uniqueName"],
            Talk(holder, buyer, number, phone, "", self._world.now, in_doubt),
        )
        if by_seller:
            # They meant to, though Twilio may make no Session of it.
            self._model.has_spoken(talk, in_doubt=True)

    def _intercept(self, fields: Fields, answer: Answer | None) -> None:
        talk, from_buyer = self._talk(fields)
        passes = answer is None or answer.status != HTTPStatus.FORBIDDEN
        if answer is None or self._world.is_database_away:
            talk.in_doubt = True
            right = {True, False}
        else:
            is_call = fields["interactionType"] == "Voice"
            right = self._model.may_pass(
                talk, from_buyer=from_buyer, is_call=is_call, now=self._world.now
            )
            # A Session of which our rows may not know is let be.
            right |= {True} if talk.in_doubt else set()
            if self._model.may_be_another(talk):
                right |= {False}
                talk.in_doubt |= not passes
                if self._current and not passes:
                    self._current.is_promised = _is_to_be_passed_on(self._current.sid)
        self.in_sessions += 1
        self.strictly += len(right) == 1
        if passes not in right:
            who = "the buyer" if from_buyer else "the seller"
            self._wrong(f"{who} {'passes' if passes else 'is stopped'} in a Session")
        if self._current:
            self._current.reaches = (talk.phone if from_buyer else talk.buyer) if passes else ""
            self._current.must_arrive = passes

    def _interaction(self, fields: Fields, answer: Answer | None) -> None:
        away = answer is None or self._world.is_database_away
        if answer and answer.status != HTTPStatus.NO_CONTENT and not away:
            self._wrong(f"an event was answered {answer.status}")
        try:
            talk, from_buyer = self._talk(fields)
        except ObjectDoesNotExist:
            return  # told so late that the Session has been deleted, as its seller has left
        talk.in_doubt = talk.in_doubt or away
        status = fields["outboundResourceStatus"]
        if fields["interactionType"] == "Voice" and status in {"", "initiated", "ringing"}:
            # As far as anybody knows who is told of it: a report may come late.
            self._model.rang[talk.phone if from_buyer else talk.buyer] = self._world.now
        picked_up = status in {"in-progress", "completed"}
        if picked_up or not from_buyer:
            self._model.has_spoken(talk, in_doubt=away)

    def _talk(self, fields: Fields) -> tuple[Talk, bool]:
        """Which Session it is, and whether the buyer called or texted."""
        model, sid = self._model, fields["interactionSessionSid"]
        talk = model.talks.get(sid)
        if talk is None or not talk.seen_by_seller:
            session = Session.objects.get(pk=sid)
            people = list(session.participants.all())
            buyer = next(one for one in people if one.proxy_identifier in model.numbers)
            seller = next(one for one in people if one is not buyer)
            talk = model.talks.get(session.unique_name or "") or Talk(
                seller=model.numbers[buyer.proxy_identifier].seller,
                buyer=buyer.identifier,
                number=buyer.proxy_identifier,
                phone=seller.identifier,
                seen_by_seller="",
                begun=session.date_created,
                in_doubt=True,
            )
            talk.seen_by_seller = seller.proxy_identifier
            model.talks[sid] = model.talks[session.unique_name or sid] = talk
        if inbound := fields["inboundParticipantSid"]:
            return talk, self._is_buyer(inbound, talk)
        # A text that we pass on: from whom it is not for.
        return talk, not self._is_buyer(fields["outboundParticipantSid"], talk)

    def _is_buyer(self, participant_sid: str, talk: Talk) -> bool:
        if participant_sid not in self._participants:
            one = Participant.objects.values_list("identifier", flat=True).get(pk=participant_sid)
            self._participants[participant_sid] = one
        return self._participants[participant_sid] == talk.buyer

    # What reaches a phone

    def begin(self, sender: str, dialled: str) -> Contact:
        contact = Contact(sender, dialled, self._world.now)
        self.contacts[str(len(self.contacts))] = self._current = contact
        return contact

    def end(self, leg: Call | None = None) -> None:
        """The contact is over: did it reach whom it had to, and nobody else?"""
        contact, self._current = self._current, None
        assert contact is not None
        if leg is not None and leg.status != Call.Status.FAILED:
            contact.came += 1
            self._arrives(contact, leg.to, leg.from_number)
        self.look()
        if contact.reaches and not contact.came:
            busy = leg is not None or Call.objects.live().exists()
            errors = _errors(contact)
            if contact.must_arrive and not busy:
                self._wrong("what passed did not arrive")
            elif not busy and not errors & _NO_NUMBER_IS_FREE and not _names_a_vanished(errors):
                self._wrong(f"an answer that connects nobody: {sorted(errors)}")
            else:
                self.unplaced += 1

    def web_is_asked(self) -> None:
        """If it is there again after a while, the texts of that time are looked for."""
        if self._world.is_web_away:
            return
        since, self._web_seen = self._web_seen, self._world.now
        if since and self._world.now - since > _A_SILENCE:
            for contact in self.contacts.values():
                if contact.is_unheard and contact.at >= since:
                    contact.is_promised = not self._may_be_a_sellers(contact)

    def _may_be_a_sellers(self, contact: Contact) -> bool:
        """Who texts a number that was the pool's lately perhaps means a buyer of theirs."""
        lately = self._world.now - _SESSIONS_ARE_KEPT
        pooled = ReservedNumber.objects.filter(pooled_until__gt=lately)
        return pooled.filter(proxy_identifier=contact.dialled).exists()

    def texts_are_passed_on(self) -> None:
        """About to be, and as things are now: to whom nobody may pass one on is owed none."""
        for contact in self._promised():
            right = self._answers(contact)
            is_late = self._world.now - contact.at >= PASSED_ON_WITHIN
            contact.is_promised = not is_late and right <= self._phones

    def promises_are_lost(self) -> None:
        """With Redis, where they may lie."""
        for contact in self._promised():
            contact.is_promised = contact.is_unheard or _is_to_be_passed_on(contact.sid)

    def promises_are_kept(self) -> None:
        """All is well again, and every text was tried."""
        self.texts_are_passed_on()
        if any(self._promised()):
            self._wrong("a text was promised to be passed on, and was not")

    def _lies_aside(self, sid: str) -> bool:
        return any(sid in str(one) for one in self._world.redis.lrange(aside.LIST, 0, -1))

    def _answers(self, contact: Contact) -> set[str]:
        """What the text would be answered now."""
        return self._model.answers(
            contact.sender,
            contact.dialled,
            is_call=False,
            earlier=contact.earlier,
            now=self._world.now,
        )

    def _promised(self) -> list[Contact]:
        return [one for one in self.contacts.values() if one.is_promised and not one.came]

    def look(self) -> None:
        """Every text that has left Twilio since the last look."""
        texts = Message.objects.filter(
            direction__in=(Message.Direction.OUTBOUND_API, Message.Direction.OUTBOUND_REPLY),
            date_created__gte=self._since,
        )
        for text in texts:
            if text.sid in self._seen:
                continue
            self._seen.add(text.sid)
            tag = _TAG.search(text.body)
            if tag is None:
                continue
            contact = self.contacts[tag[1]]
            contact.came += text.status == Message.Status.DELIVERED
            if tag.start():  # we say in front when it was sent
                self._passed_on(contact, text)
            self._arrives(contact, text.to, text.from_number)
        self._since = self._world.now

    def _passed_on(self, contact: Contact, text: Message) -> None:
        """Missed once, and forwarded now: to whom it would go now, if it was meant for them."""
        self.passed_on += 1
        number = self._model.numbers.get(contact.dialled)
        may = number is None or number.state == "gone" or number.held_since <= contact.at
        contact.reaches = text.to if may and text.to in self._answers(contact) else ""

    def _arrives(self, contact: Contact, to: str, shown: str) -> None:
        if to != contact.reaches:
            self._wrong("somebody was reached who must not be")
        if shown in self._phones:
            self._wrong("a private number was shown")
        if contact.came > 1:
            self._wrong("a contact came twice")

    def _wrong(self, sentence: str) -> None:
        self.violations.append(sentence)

    def _called(self, *answers: str) -> str:
        names = {a: "a phone" if a in self._phones else a for a in answers}
        return " or ".join(sorted(names.values()))


def _sid(fields: Fields) -> str:
    return fields.get("CallSid") or fields["MessageSid"]


def _earlier(fields: Fields) -> Earlier | None:
    if not fields.get("sessionSid"):
        return None
    return Earlier(
        fields["sessionUniqueName"],
        fields["outboundParticipantIdentifier"],
        fields["outboundParticipantProxyIdentifier"],
        datetime.fromisoformat(fields["sessionDateCreated"]),
    )


def _is_to_be_passed_on(sid: str) -> bool:
    return MissedText.objects.filter(message_sid=sid, settled_at=None).exists()


def _errors(contact: Contact) -> set[int]:
    """By their numbers, what Twilio complained of."""
    alerts = Alert.objects.filter(resource_sid=contact.sid)
    return set(alerts.values_list("error_code", flat=True))


def _names_a_vanished(errors: set[int]) -> bool:
    """Twilio has lost a number of ours, and no reconciliation has found that yet."""
    not_ours = {Rule.PROXY_NOT_OURS.value[0], INVALID_CALLER_ID}
    ours = ReservedNumber.objects.held().exclude(phone_number_sid="")
    owned = IncomingPhoneNumber.objects.values("sid")
    return bool(errors & not_ours) and ours.exclude(phone_number_sid__in=owned).exists()


def _said(answer: Answer, *, is_call: bool) -> str:
    """A phone, one of the sentences, or that we know nothing now; empty for silence."""
    if answer.status != HTTPStatus.OK:
        return f"HTTP {answer.status}"
    if answer.content_type == "application/json":
        return str(json.loads(answer.body)["participantIdentifier"])
    if rung := _RUNG.search(answer.body):
        return rung[1].decode()
    if answer.body in _SENTENCES:
        return _SENTENCES[answer.body]
    if b"<Pause" in answer.body or answer.body in {hold.apology(), hold.written_apology()}:
        return _NOT_NOW
    return "something else" if is_call else AWAY
