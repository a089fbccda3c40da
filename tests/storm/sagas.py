"""Every saga of a number, a seller and a Session: how it is set up, done, and done again.

They happen in a small world: Tom and Beth sell, Bob has talked with Tom, Carol has texted him
and got no answer. What a web page or a callback does is in ``act`` with the tasks it nudges,
so a saga goes as far as it can. What its people, or Twilio, do after a crash is in ``again``.
"""

import base64
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Q
from django.test import Client

from listings.account import leaving
from proxying import (
    deadlines,
    provisioning,
    remembered,
    resealing,
    tasks,
    twilio_client,
    verification,
)
from proxying.contacts import Contact
from proxying.encryption import blind_index, newest_key_id
from proxying.models import (
    Block,
    Interaction,
    ProxyService,
    ProxySession,
    ReservedNumber,
    Seller,
)
from proxying.nudges import nudge
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import buying, moving, pool
from proxying.routing import CreateSession
from proxying.switchboard.models import (
    Call,
    IncomingPhoneNumber,
    Message,
    Participant,
    Session,
    Verification,
)
from proxying.switchboard.models import PhoneNumber as NumberOfAService
from proxying.switchboard.rest import numbers as numbers_at_twilio
from tests.listings.factories import ListingFactory
from tests.proxying import callbacks
from tests.proxying.factories import BETHS_PHONE, BOBS_PHONE, TOMS_PHONE, SellerFactory

CAROLS_PHONE: Final = "+14157005501"
DANS_PHONE: Final = "+14157005502"
EVES_PHONE: Final = "+14157005503"
NEW_PHONE: Final = "+14157005504"
_PHONES: Final = {
    TOMS_PHONE: "Tom",
    BETHS_PHONE: "Beth",
    BOBS_PHONE: "Bob",
    CAROLS_PHONE: "Carol",
    DANS_PHONE: "Dan",
    EVES_PHONE: "Eve",
    NEW_PHONE: "New",
}
_CALL: Final = "CA" + "7" * 32
_NEWEST_KEY: Final = "newest:" + base64.b64encode(b"n" * 32).decode()

type Step = Callable[[], object]
type Pause = Callable[[timedelta], None]


def _nothing() -> None:
    """For what a saga has none of."""


@dataclass(frozen=True)
class Saga:
    """What is done (*act*), and all around it. *later* lies between *arrange* and *act*."""

    name: str
    act: Callable[[Pause], object]
    arrange: Step = _nothing
    later: timedelta = timedelta()
    again: Step = _nothing
    # What must not be at any moment beside the invariants, a sentence each.
    never: Callable[[], Iterable[str]] = lambda: ()
    # What is wrong in the end beside all those.
    wrong: Callable[[], Iterable[str]] = lambda: ()
    with_settings: dict[str, Any] = field(default_factory=dict)
    with_patches: dict[str, Any] = field(default_factory=dict)
    # What it does lasts longer than an hour.
    goes_on_for: tuple[timedelta, ...] = ()
    # Only a comparison with Twilio shows what has to be done.
    takes_reconciling: bool = False


def build_world() -> None:
    phones = list(_PHONES.items())
    call_command(
        "seed_switchboard",
        phone=phones,
        verify_service=settings.TWILIO_VERIFY_SERVICE_SID,
        verbosity=0,
    )
    call_command("configure_proxy_service", verbosity=0)
    for phone, name in ((TOMS_PHONE, "Tom"), (BETHS_PHONE, "Beth")):
        seller = SellerFactory(
            display_name=name, user__username=name.lower(), phone_number=PhoneNumber(phone)
        )
        tasks.reserve_number(str(provisioning.promise(seller).pk))
        ListingFactory(seller=seller)
    text(BOBS_PHONE, toms_number())
    text(TOMS_PHONE, Message.objects.filter(to=TOMS_PHONE).latest("date_created").from_number)
    text(CAROLS_PHONE, toms_number())


def text(sender: str, to: str, body: str = "Is it still there?") -> None:
    response = Client().post(
        "/switchboard/phones/api/messages", {"from": sender, "to": to, "body": body}
    )
    assert response.status_code == 201, response.content


def tom() -> Seller:
    return Seller.objects.get(display_name="Tom")


def toms_number() -> str:
    number = tom().reserved_number
    assert number is not None
    return str(number.proxy_identifier)


# Signing up, and the three ways to a number


def _dan_asks_for_a_code() -> None:
    dan = SellerFactory(
        display_name="Dan", user__username="dan", unverified=True, phone_number=None
    )
    verification.send_code(dan, PhoneNumber(DANS_PHONE))


def _dan_types_the_code(pause: Pause) -> None:
    dan = Seller.objects.get(display_name="Dan")
    code = Verification.objects.get(to=DANS_PHONE).code
    nudge(tasks.reserve_number, verification.check_code(dan, code).pk)


def _dan_asks_when_there_is_stock() -> None:
    tasks.keep_stock()
    _dan_asks_for_a_code()


def _proxy_is_first() -> None:
    """Dan's worker dies with a number of the pool in hand, and Proxy shows Tom the same one."""
    _dan_asks_for_a_code()
    dan = Seller.objects.get(display_name="Dan")
    number = verification.check_code(dan, Verification.objects.get(to=DANS_PHONE).code)
    claimed = ReservedNumber.claim(number.pk, lease=timedelta(seconds=1))
    assert claimed is not None
    assert pool.claim_from_pool(claimed, None)
    text(EVES_PHONE, toms_number())
    tom_sees = Participant.objects.filter(identifier=TOMS_PHONE)
    assert tom_sees.filter(proxy_identifier=claimed.proxy_identifier).exists()


def _dan_waits(pause: Pause) -> None:
    nudge(tasks.reserve_number, Seller.objects.get(display_name="Dan").reserved_numbers.get().pk)


# Taking service away, and giving it back


def _suspend(pause: Pause) -> None:
    seller = tom()
    provisioning.suspend(seller, "Selling what is not his.")
    nudge(tasks.close_proxy_sessions, *_numbers(seller))


def _suspended() -> None:
    provisioning.suspend(tom(), "Selling what is not his.")
    tasks.sweep()


def _bob_calls_tom() -> None:
    call = {"from": BOBS_PHONE, "to": toms_number()}
    response = Client().post("/switchboard/phones/api/calls", call)
    assert response.status_code == 201, response.content
    sid = response.json()["sid"]
    Client().post(f"/switchboard/phones/api/calls/{sid}/hangup")


def _leave(pause: Pause) -> None:
    leaving.leave(tom().user)
    tasks.erase_sessions()


def _is_not_forgotten() -> Iterable[str]:
    if not User.objects.filter(is_active=False).exists():
        return  # died before it was said
    if Participant.objects.filter(identifier=TOMS_PHONE).exists():
        yield "a Session at Twilio names who left"
    if Message.objects.filter(Q(to=TOMS_PHONE) | Q(from_number=TOMS_PHONE)).exists():
        yield "a text at Twilio names who left"
    if Call.objects.filter(Q(to=TOMS_PHONE) | Q(from_number=TOMS_PHONE)).exists():
        yield "a call at Twilio names who left"


def _release(pause: Pause) -> None:
    number = tom().reserved_number
    assert number is not None
    provisioning.release(number)
    nudge(tasks.close_proxy_sessions, number.pk)


def _numbers(seller: Seller) -> list[uuid.UUID]:
    return [number.pk for number in seller.reserved_numbers.all()]


def _released() -> None:
    _release(lambda time: None)


def _go_back(pause: Pause) -> None:
    for _ in range(2):
        tasks.keep_stock()
        pause(timedelta(hours=2))


def _not_gone_back() -> Iterable[str]:
    for number in tom().reserved_numbers.exclude(status="released"):
        yield f"the number is still {number.status}"


# Another phone, another number


def _asks_for_a_change_code() -> None:
    verification.send_change_code(tom(), PhoneNumber(NEW_PHONE))


def _changes_the_phone(pause: Pause) -> None:
    seller = tom()
    code = Verification.objects.get(to=NEW_PHONE).code
    verification.change_phone(seller, PhoneNumber(NEW_PHONE), code)
    for pk in _numbers(seller):
        nudge(tasks.close_proxy_sessions, pk)
    nudge(tasks.send_seller_texts)


def _old_phone_not_told_once() -> Iterable[str]:
    told = Message.objects.filter(to=TOMS_PHONE, body__contains="another phone rings").count()
    changed = tom().phone_number_index == blind_index(NEW_PHONE)
    if told != changed:
        yield f"the old phone was told {told} times"


def _moves(pause: Pause) -> None:
    nudge(tasks.reserve_number, moving.move(tom()).pk)


def _moved() -> None:
    _moves(lambda time: None)
    tasks.sweep()


def _is_not_moved() -> Iterable[str]:
    for number in tom().reserved_numbers.filter(status="retiring"):
        yield f"{number.pk} is still kept"


# Buyers


def _blocks(pause: Pause) -> None:
    seller = tom()
    Block.objects.get_or_create(seller=seller, buyer_index=blind_index(BOBS_PHONE))
    tasks.close_blocked_sessions.delay(str(seller.pk))


def _blocked_is_connected() -> Iterable[str]:
    contact = Contact("CA" + "8" * 32, BOBS_PHONE, toms_number(), is_call=True, earlier=None)
    blocks = Block.objects.filter(buyer_index=blind_index(BOBS_PHONE))
    if blocks.exists() and isinstance(remembered.decide(contact), CreateSession):
        yield "a blocked buyer is connected from memory"


def _all_talk_to_tom() -> None:
    for n in range(_in_the_pool() - 2):
        call_command("seed_switchboard", phone=[(f"+1415700560{n}", f"Buyer {n}")], verbosity=0)
        text(f"+1415700560{n}", toms_number())


def _in_the_pool() -> int:
    return ProxyService.objects.get().pool_numbers.exclude(added_at=None).count()


def _is_full() -> Iterable[str]:
    open_ones = Session.objects.filter(
        status__in=Session.ACTIVE, participants__identifier=TOMS_PHONE
    )
    if open_ones.count() >= _in_the_pool():
        yield "the next buyer would be refused"


def _eve_calls() -> Any:
    return callbacks.contact(EVES_PHONE, toms_number(), _CALL)


def _eve_is_not_heard_once() -> Iterable[str]:
    rows = ProxySession.objects.filter(contact_sid=_CALL).count()
    if rows != 1:
        yield f"{rows} Sessions for one contact"
    if _eve_calls().json().get("participantIdentifier") != TOMS_PHONE:
        yield "told twice, a contact is answered otherwise"


def _event(outbound: str = "delivered") -> None:
    session = ProxySession.objects.get(contact_sid=_CALL)
    service = ProxyService.objects.get()
    assert (
        callbacks.interaction(
            interactionServiceSid=service.service_sid,
            inboundResourceSid=session.contact_sid,
            inboundParticipantSid="KP" + "1" * 32,
            outboundParticipantSid="KP" + "2" * 32,
            outboundResourceStatus=outbound,
        ).status_code
        == 204
    )


def _events(pause: Pause) -> None:
    for status in ("queued", "sent", "delivered"):
        _event(status)


def _is_not_recorded() -> Iterable[str]:
    told = list(
        Interaction.objects.filter(interaction_sid=f"KI{1:032x}").values_list(
            "outbound_status", "from_buyer", "proxy_session__session_sid"
        )
    )
    if told != [("delivered", True, f"KC{1:032x}")]:
        yield f"recorded as {told}"


def _eve_texts_in_vain() -> None:
    number = toms_number()
    deadlines.line._next_try = float("inf")
    text(EVES_PHONE, number, "Is the lamp there?")
    deadlines.line.is_up()


def _pass_on(pause: Pause) -> None:
    tasks.settle_aside()
    tasks.pass_on_missed_texts()


def _is_not_passed_on_once() -> Iterable[str]:
    came = Message.objects.filter(to=TOMS_PHONE, body__contains="the lamp").count()
    if came != 1:
        yield f"a missed text came {came} times"


# Numbers and Services, and what is lost of them


def _plans_and_opens(pause: Pause) -> None:
    tasks.watch_capacity()


def _is_not_opened() -> Iterable[str]:
    if ProxyService.objects.count() != 2:
        yield f"{ProxyService.objects.count()} Services"


def _toms_number_vanishes() -> None:
    numbers_at_twilio.vanish(toms_number())


def _reconcile(pause: Pause) -> None:
    tasks.reconcile_numbers()


def _service_forgets() -> None:
    NumberOfAService.objects.filter(is_reserved=True).update(is_reserved=False)


def _stray_is_found() -> None:
    e164 = twilio_client.search_for_sale("US")[0]
    twilio_client.buy(e164, friendly_name=buying.marker(uuid.UUID(int=7)))
    tasks.reconcile_numbers()


def _stray_is_there() -> Iterable[str]:
    if IncomingPhoneNumber.objects.filter(friendly_name=buying.marker(uuid.UUID(int=7))).exists():
        yield "the stray is still paid for"


def _reseal(pause: Pause) -> None:
    call_command("rotate_phone_number_keys", batch=1, verbosity=0, stdout=_Nowhere())


def _is_not_resealed() -> Iterable[str]:
    used = resealing.use_of_keys()
    if set(used) != {newest_key_id()}:
        yield f"sealed under {dict(used)}"
    if [str(s.phone_number)[-2:] for s in (tom(),)] != [TOMS_PHONE[-2:]]:
        yield "does not open any more"


class _Nowhere:
    def write(self, said: str) -> None:
        """Nobody reads what a command says here."""


_SMALL_POOL: Final = {"PROXY_POOL_FLOOR": 1, "PROXY_POOL_RESERVE": 0}
_A_WHOLE_QUARANTINE: Final = timedelta(days=91)
_TWO_MORE_STEPS: Final = (timedelta(hours=2), timedelta(hours=2))

SAGAS: Final = (
    Saga("a number is bought", _dan_types_the_code, _dan_asks_for_a_code),
    Saga(
        "a number of the pool", _dan_types_the_code, _dan_asks_for_a_code,
        with_settings=_SMALL_POOL,
    ),
    Saga(
        "a number that Proxy chose first", _dan_waits, _proxy_is_first,
        later=timedelta(minutes=1), with_settings=_SMALL_POOL,
    ),
    Saga(
        "a number of the stock", _dan_types_the_code, _dan_asks_when_there_is_stock,
        with_settings={"NUMBERS_IN_STOCK": 1},
    ),
    Saga("suspended", _suspend),
    Saga("reinstated", lambda pause: provisioning.reinstate(tom()), _suspended),
    Saga("erased", _leave, _bob_calls_tom, wrong=_is_not_forgotten),
    Saga("released by staff", _release),
    Saga(
        "going back", _go_back, _released, later=_A_WHOLE_QUARANTINE,
        goes_on_for=_TWO_MORE_STEPS, wrong=_not_gone_back,
    ),
    Saga(
        "another phone", _changes_the_phone, _asks_for_a_change_code,
        wrong=_old_phone_not_told_once,
    ),
    Saga("moving", _moves),
    Saga(
        "a number left for a year", lambda pause: tasks.keep_stock(), _moved,
        later=timedelta(days=366), wrong=_is_not_moved,
    ),
    Saga("a buyer is blocked", _blocks, never=_blocked_is_connected),
    Saga("a contact", lambda pause: _eve_calls(), again=_eve_calls, wrong=_eve_is_not_heard_once),
    Saga("interactions", _events, _eve_calls, again=_event, wrong=_is_not_recorded),
    Saga("a missed text", _pass_on, _eve_texts_in_vain, wrong=_is_not_passed_on_once),
    Saga(
        "filling pool and stock", lambda pause: tasks.keep_stock(),
        with_settings={"NUMBERS_IN_STOCK": 2, "PROXY_POOL_FLOOR": 6},
    ),
    Saga(
        "making room", lambda pause: tasks.watch_capacity(), _all_talk_to_tom,
        later=timedelta(minutes=5), with_settings={"PROXY_POOL_RESERVE": 0}, wrong=_is_full,
    ),
    Saga(
        "opening a Service", _plans_and_opens, wrong=_is_not_opened,
        with_patches={"proxying.capacity.opening.RESERVED_IN_A_SERVICE": 2},
    ),
    Saga("a vanished number", _reconcile, _toms_number_vanishes, takes_reconciling=True),
    Saga("reservations forgotten", _reconcile, _service_forgets, takes_reconciling=True),
    Saga(
        "a stray goes back", _reconcile, _stray_is_found, later=_A_WHOLE_QUARANTINE,
        takes_reconciling=True, goes_on_for=_TWO_MORE_STEPS, wrong=_stray_is_there,
    ),
    Saga(
        "keys change", _reseal, again=lambda: _reseal(lambda time: None), wrong=_is_not_resealed,
        with_settings={"PHONE_NUMBER_KEYS": [_NEWEST_KEY, *settings.PHONE_NUMBER_KEYS]},
    ),
)  # fmt: skip
