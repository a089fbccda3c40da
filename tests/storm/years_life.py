"""What people, staff, time and misfortune do, one step after the other, drawn from the seed."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import time, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import override_settings

from listings.account import leaving
from proxying import encryption, last_known_good, provisioning, tasks, verification
from proxying.models import Block, MissedText, Outage, ReservedNumber
from proxying.models import Seller as SellerRow
from proxying.nudges import nudge
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import moving
from proxying.provisioning.ending import sessions_to_close
from proxying.provisioning.moving import CannotMove
from proxying.reconciliation import reconcile
from proxying.switchboard.faults import held
from proxying.switchboard.models import Call, Fault, IncomingPhoneNumber, Verification
from proxying.switchboard.rest import numbers as numbers_at_twilio
from proxying.switchboard.traffic import calls, messages
from proxying.verification import CodeNotAccepted, NumberNotAccepted
from tests.storm import invariants
from tests.storm.years_judging import Judge
from tests.storm.years_model import Model, Seller
from tests.storm.years_world import Killed, World, phones

_SELLERS: Final = 4
_PHONES: Final = [f"+1{area}234{n:04}" for area in (415, 209) for n in range(5501, 5508)]
_LOOKED_AT_EVERY: Final = 100
_STATES: Final = {
    "active": "active", "retiring": "left", "quarantined": "resting",
    "removing": "going", "removed": "going",
}  # fmt: skip
_PAUSES: Final = {
    timedelta(minutes=1): 30, timedelta(minutes=20): 25, timedelta(hours=1): 12,
    timedelta(hours=5): 10, timedelta(days=1): 8, timedelta(days=8): 6,
    timedelta(days=31): 5, timedelta(days=91): 3, timedelta(days=120): 2,
}  # fmt: skip
_PERIODIC: Final = {
    tasks.sweep: 30, tasks.ask_web: 20, tasks.watch_capacity: 12, tasks.settle_aside: 12,
    tasks.remember_routes: 12, tasks.keep_stock: 10, tasks.pass_on_missed_texts: 8,
    tasks.send_seller_texts: 8, tasks.reconcile_numbers: 4, tasks.erase_sessions: 4,
    tasks.forget_counts: 2,
}  # fmt: skip
_API_FAULTS: Final = (
    Fault.Kind.TOO_MANY_BARE, Fault.Kind.ERROR_500, Fault.Kind.ERROR_503, Fault.Kind.DROP_BEFORE,
    Fault.Kind.DROP_AFTER, Fault.Kind.TRUNCATED, Fault.Kind.HTML, Fault.Kind.OUTAGE,
)  # fmt: skip
_OLD_KEY: Final = "old:b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w="
_ROUNDS: Final = 12
# While the web is away, and the database, just before all is well: what is promised then is owed.
_LAST_TEXTS: Final = 4
_SWEEPS: Final = 3
_IN_TIME: Final = timedelta(seconds=50)
_UNTIL_FORGOTTEN: Final = last_known_good.LIFE + timedelta(minutes=1)


class Life:
    """One seed's world, lived for some steps."""

    def __init__(self, world: World, lasting: ExitStack) -> None:
        phones(_PHONES)
        self.world, self.chance, self.model = world, world.chance, Model()
        self.judge = Judge(world, self.model, _PHONES)
        self._lasting = lasting
        self._people = 0
        self._events: dict[Callable[[], None], int] = {
            self.somebody_contacts_a_number: 24,
            self.a_seller_answers: 12,
            self.time_passes: 18,
            self.a_worker_works: 12,
            self.beat_beats: 14,
            self.somebody_signs_up: 5,
            self.a_seller_blocks: 3,
            self.a_seller_unblocks: 2,
            self.a_seller_goes_away_or_comes_back: 2,
            self.a_seller_sets_quiet_hours: 2,
            self.a_seller_changes_phone: 3,
            self.a_seller_moves: 3,
            self.a_seller_leaves: 1,
            self.staff_suspend: 2,
            self.staff_reinstate: 2,
            self.staff_take_a_number: 1,
            self.twilio_misbehaves: 2,
            self.twilio_behaves_again: 3,
            self.twilio_loses_a_number: 1,
            self.the_database_goes: 2,
            self.the_database_is_back: 4,
            self.the_web_goes: 2,
            self.the_web_is_back: 4,
            self.redis_is_flushed: 1,
            self.nudges_are_lost: 1,
            self.keys_are_changed: 1,
            self.stock_is_bought_ahead: 1,
        }

        # After these numbers may have changed, or a text of before have arrived.
        self._that_work = {
            self.a_worker_works,
            self.beat_beats,
            self.a_seller_leaves,
            self.twilio_loses_a_number,
        }

    @property
    def violations(self) -> list[str]:
        return self.judge.violations

    def live(self, steps: int) -> int:
        """The step at which something went wrong first; 0 when nothing did."""
        events, weights = list(self._events), list(self._events.values())
        for step in range(1, steps + 1):
            (event,) = self.chance.choices(events, weights)
            event()
            if event in self._that_work:
                self._look()
            if step % _LOOKED_AT_EVERY == 0:
                self.violations.extend(invariants.violations(at_rest=False))
            if self.violations:
                self.judge.violations[0] += f", when {event.__name__.replace('_', ' ')}"
                return step
        self.all_is_well_again()
        return steps + 1 if self.violations else 0

    # Calls and texts

    def somebody_contacts_a_number(self) -> None:
        dialled = [one for one in self.model.numbers.values() if one.state != "gone"]
        sender = self.chance.choice(_PHONES)
        if dialled:
            self._contact(sender, self.chance.choice(dialled).e164)

    def a_seller_answers(self) -> None:
        """At a number that their phone showed, in a Session of now or of long ago."""
        talks = [talk for talk in dict.fromkeys(self.model.talks.values()) if talk.seen_by_seller]
        if not talks:
            return
        talk = self.chance.choice(talks[-6:] if self.chance.random() < 0.8 else talks)
        self._contact(talk.phone, talk.seen_by_seller)

    def _somebody_texts_a_seller(self) -> None:
        dialled = [one for one in self.model.numbers.values() if one.state == "active"]
        if dialled:
            self._text(self.chance.choice(_PHONES), self.chance.choice(dialled).e164)

    def _text(self, sender: str, dialled: str) -> None:
        self.judge.begin(sender, dialled)
        tag = len(self.judge.contacts) - 1
        messages.text(sender, dialled, f"#{tag}# Is it still there?")
        self.judge.end()

    def _contact(self, sender: str, dialled: str) -> None:
        if self.chance.random() < 0.6:
            self._text(sender, dialled)
            return
        self.judge.begin(sender, dialled)
        call = calls.place(sender, dialled)
        while call.ended_at is None and call.resume_at is not None:
            if self.chance.random() < 0.2:
                self.world.database_is_away(away=False)
            self.world.wait(timedelta(seconds=4))
            call.refresh_from_db()
        leg = Call.objects.filter(parent=call).first()
        if leg is not None and leg.status == Call.Status.RINGING:
            self._picks_up(leg)
        self.judge.end(leg)

    def _picks_up(self, leg: Call) -> None:
        what = self.chance.random()
        if what < 0.5:
            calls.answer(leg)
        if what < 0.8:
            leg.refresh_from_db()
            calls.hang_up(leg)
        else:
            self.world.wait(timedelta(seconds=31))

    # Time and what runs by it

    def time_passes(self) -> None:
        (pause,) = self.chance.choices(list(_PAUSES), list(_PAUSES.values()))
        self.world.wait(pause)

    def a_worker_works(self) -> None:
        with self._perhaps_dying():
            self.world.work(self.chance.randrange(1, 6))

    def beat_beats(self) -> None:
        (task,) = self.chance.choices(list(_PERIODIC), list(_PERIODIC.values()))
        with self._perhaps_dying():
            self._runs(task)

    def _runs(self, task: Any) -> None:
        if task is tasks.pass_on_missed_texts:
            self.judge.texts_are_passed_on()
        if task is tasks.ask_web:
            self.judge.web_is_asked()
        self.world.run(task)

    def nudges_are_lost(self) -> None:
        self.world.queue.clear()

    def _perhaps_dying(self) -> ExitStack:
        maybe = ExitStack()
        if self.chance.random() < 0.08:
            maybe.enter_context(self.world.dying())
        return maybe

    # Sellers

    def somebody_signs_up(self) -> None:
        if sum(not seller.has_left for seller in self.model.sellers) >= _SELLERS:
            return
        waiting = [one for one in self.model.sellers if one.phone is None and not one.has_left]
        seller = self.chance.choice(waiting) if waiting else self._somebody_new()
        row = self._row(seller)
        phone = self.chance.choice(_PHONES)
        with suppress(NumberNotAccepted, CodeNotAccepted, Killed), self._perhaps_dying():
            verification.take_turn_to_ask(row, f"10.0.0.{self.chance.randrange(9)}")
            verification.send_code(row, PhoneNumber(phone))
            row.refresh_from_db()
            number = verification.check_code(row, self._code(phone))
            nudge(tasks.reserve_number, number.pk)
            seller.phone = phone

    def _somebody_new(self) -> Seller:
        self._people += 1
        user = User.objects.create(username=f"person{self._people}", password="!")
        row, _new = SellerRow.objects.update_or_create(
            user=user, defaults={"display_name": f"Person {self._people}"}
        )
        seller = Seller(pk=row.pk, user_pk=user.pk)
        self.model.sellers.append(seller)
        return seller

    def _code(self, phone: str) -> str:
        """As the phone shows it; one in ten mistypes it."""
        sent = Verification.objects.filter(to=phone).order_by("-date_created", "-sid").first()
        mistyped = self.chance.random() < 0.1
        return sent.code if sent and not mistyped else "000000"

    def a_seller_changes_phone(self) -> None:
        seller = self._a_seller(lambda one: one.is_open)
        if seller is None:
            return
        row, phone = self._row(seller), self.chance.choice(_PHONES)
        with suppress(NumberNotAccepted, CodeNotAccepted, Killed), self._perhaps_dying():
            verification.take_turn_to_ask(row, f"10.0.0.{self.chance.randrange(9)}")
            verification.send_change_code(row, PhoneNumber(phone))
            verification.change_phone(row, PhoneNumber(phone), self._code(phone))
            for number in row.reserved_numbers.all():
                nudge(tasks.close_proxy_sessions, number.pk)
            nudge(tasks.send_seller_texts)
            seller.phone, seller.phone_changes = phone, seller.phone_changes + 1

    def a_seller_moves(self) -> None:
        if seller := self._a_seller(lambda one: one.is_open):
            with suppress(CannotMove):
                nudge(tasks.reserve_number, moving.move(self._row(seller)).pk)
                seller.moves = True

    def a_seller_leaves(self) -> None:
        if seller := self._a_seller(lambda one: not one.has_left):
            leaving.leave(User.objects.get(pk=seller.user_pk))
            self.model.leaves(seller)

    def a_seller_blocks(self) -> None:
        seller = self._a_seller(lambda one: one.is_open)
        talks = [talk for talk in self.model.talks.values() if talk.seller is seller]
        if seller is None or not talks:
            return
        buyer = self.chance.choice(talks).buyer
        row = self._row(seller)
        Block.objects.get_or_create(seller=row, buyer_index=encryption.blind_index(buyer))
        nudge(tasks.close_blocked_sessions, row.pk)
        seller.blocks.add(buyer)

    def a_seller_unblocks(self) -> None:
        if seller := self._a_seller(lambda one: bool(one.blocks)):
            buyer = self.chance.choice(sorted(seller.blocks))
            index = encryption.blind_index(buyer)
            Block.objects.filter(seller=seller.pk, buyer_index=index).delete()
            seller.blocks.discard(buyer)

    def a_seller_goes_away_or_comes_back(self) -> None:
        if seller := self._a_seller(lambda one: one.is_open):
            days = timedelta(days=self.chance.randrange(1, 20))
            seller.away_until = None if seller.away_until else self.world.now + days
            self._rows(seller).update(away_until=seller.away_until)

    def a_seller_sets_quiet_hours(self) -> None:
        if seller := self._a_seller(lambda one: one.is_open):
            hours = (time(self.chance.randrange(24)), time(self.chance.randrange(24), 30))
            seller.quiet = None if seller.quiet else hours
            start, end = seller.quiet or (None, None)
            self._rows(seller).update(quiet_from=start, quiet_until=end)

    # Staff

    def staff_suspend(self) -> None:
        if seller := self._a_seller(lambda one: one.is_open):
            row = self._row(seller)
            provisioning.suspend(row, "sells what is not theirs")
            for number in row.reserved_numbers.all():
                nudge(tasks.close_proxy_sessions, number.pk)
            seller.is_suspended = True

    def staff_reinstate(self) -> None:
        if seller := self._a_seller(lambda one: one.is_suspended and not one.has_left):
            provisioning.reinstate(self._row(seller))
            seller.is_suspended = False

    def staff_take_a_number(self) -> None:
        """For good; often the seller is promised another in its place."""
        seller = self._a_seller(lambda one: one.is_open)
        number = self._row(seller).reserved_number if seller else None
        if seller is None or number is None:
            return
        provisioning.release(number)
        nudge(tasks.close_proxy_sessions, number.pk)
        seller.was_taken_from, seller.moves = True, False
        self._look_at_numbers()
        seller.was_taken_from = False
        if self.chance.random() < 0.8:
            nudge(tasks.reserve_number, provisioning.promise(self._row(seller)).pk)

    def keys_are_changed(self) -> None:
        """The newest key becomes the old one, and everything is sealed anew, or half of it."""
        keys = settings.PHONE_NUMBER_KEYS
        keys = [keys[1], keys[0]] if len(keys) > 1 else [_OLD_KEY, *keys]
        self._lasting.enter_context(override_settings(PHONE_NUMBER_KEYS=keys))
        if self.chance.random() < 0.7:
            call_command("rotate_phone_number_keys", stdout=_Nowhere())

    def stock_is_bought_ahead(self) -> None:
        many = self.chance.randrange(3)
        self._lasting.enter_context(override_settings(NUMBERS_IN_STOCK=many))

    # Misfortune

    def twilio_misbehaves(self) -> None:
        if self.chance.random() < 0.3:
            kind = self.chance.choice([Fault.Kind.WEBHOOK_TWICE, Fault.Kind.WEBHOOK_SHUFFLED])
            path, delay = "proxy/callbacks/interactions/", 90_000
        else:
            kind, path, delay = self.chance.choice(_API_FAULTS), "", 0
        share, seed = self.chance.choice([0.2, 0.5, 0.9]), str(self.chance.randrange(2**32))
        Fault.objects.create(kind=kind, path=path, chance=share, seed=seed, delay_ms=delay)

    def twilio_behaves_again(self) -> None:
        Fault.objects.all().delete()

    def twilio_loses_a_number(self) -> None:
        owned = list(IncomingPhoneNumber.objects.order_by("phone_number"))
        if owned:
            lost = self.chance.choice(owned).phone_number
            numbers_at_twilio.vanish(lost)
            self.model.vanished.add(lost)

    def the_database_goes(self) -> None:
        self.world.database_is_away(away=True)

    def the_database_is_back(self) -> None:
        self.world.database_is_away(away=False)

    def the_web_goes(self) -> None:
        self.world.is_web_away = True

    def the_web_is_back(self) -> None:
        self.world.is_web_away = False

    def redis_is_flushed(self) -> None:
        self.judge.promises_are_lost()
        self.world.redis.flushdb()

    # Looking

    def _look(self) -> None:
        self.judge.look()
        self._look_at_numbers()

    def _look_at_numbers(self) -> None:
        now, held_now = self.world.now, set()
        coming = ReservedNumber.objects.filter(status__in=ReservedNumber.UNFINISHED)
        self.model.coming = set(coming.values_list("proxy_identifier", flat=True)) - {None}
        rows = ReservedNumber.objects.exclude(status__in=("released", *ReservedNumber.UNFINISHED))
        # What a seller left comes before what they have instead.
        in_order = sorted(
            rows.values_list("proxy_identifier", "seller", "status"),
            key=lambda row: row[2] == "active",
        )
        for e164, seller, status in in_order:
            held_now.add(e164)
            wrong = self.model.becomes(str(e164), seller, _STATES[status], now)
            self.violations.extend([wrong] if wrong else [])
        for number in self.model.numbers.values():
            if number.state != "gone" and number.e164 not in held_now:
                wrong = self.model.ends(number, now)
                self.violations.extend([wrong] if wrong else [])

    def all_is_well_again(self) -> None:
        """Nothing is broken any more, and time passes: then every promise must hold."""
        self.world.wait(_UNTIL_FORGOTTEN)
        self.the_web_is_back()
        self._workers_go_on()
        for goes, is_back in (
            (self.the_web_goes, self.the_web_is_back),
            (self.the_database_goes, self.the_database_is_back),
        ):
            goes()
            for _ in range(_LAST_TEXTS):
                self._somebody_texts_a_seller()
            self._workers_go_on()
            is_back()
        self.twilio_behaves_again()
        held.deliver(everything=True)
        for _ in range(_ROUNDS):
            for task in _PERIODIC:
                self._runs(task)
                self.world.work(len(self.world.queue))
            # Staff have looked at the account: what is gone is gone, and be it most numbers.
            reconcile(however_many=True)
            self._look()
            waits = (
                ReservedNumber.objects.filter(ReservedNumber.STILL_TO_DO),
                MissedText.unfinished(),
                Outage.unfinished(),
                sessions_to_close(),
            )
            if not any(rows.exists() for rows in waits):
                break
            self.world.wait(timedelta(minutes=61))
        self.judge.promises_are_kept()
        self.violations.extend(invariants.violations())

    def _workers_go_on(self) -> None:
        """So that of an outage of the web nothing else tells."""
        for _ in range(_SWEEPS):
            self.world.wait(_IN_TIME)
            self._runs(tasks.sweep)
            self._runs(tasks.ask_web)

    def _a_seller(self, fits: Callable[[Seller], bool]) -> Seller | None:
        fitting = [seller for seller in self.model.sellers if fits(seller)]
        return self.chance.choice(fitting) if fitting else None

    def _row(self, seller: Seller) -> SellerRow:
        return SellerRow.objects.get(pk=seller.pk)

    def _rows(self, seller: Seller) -> Any:
        return SellerRow.objects.filter(pk=seller.pk)


class _Nowhere:
    def write(self, text: str) -> int:
        return len(text)
