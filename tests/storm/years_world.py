"""A small world of its own for each seed: its clock, its chance, its broker, and a tap at Twilio.

What is ours runs as it is. Only what surrounds it is here: time, which moves when it is told to;
random bytes, drawn from the seed; the broker, which keeps or loses what is sent to it; the
network to Twilio, on which we may die; Redis, whose keys age with the clock.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import groupby
from operator import methodcaller
from typing import Any, Final
from unittest import mock

import redis
import requests
import time_machine
from celery import Celery, Task
from celery.app.task import Task as AnyTask
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from proxying import deadlines, last_known_good, memory
from proxying.provisioning import NotYet
from proxying.switchboard import sessions, webhooks
from proxying.switchboard.faults import held
from proxying.switchboard.models import Call, IncomingPhoneNumber, Phone, Service, VerifyService
from proxying.switchboard.traffic import calls
from proxying.switchboard.webhooks import Answer
from proxying.twilio_client import TwilioRefused, TwilioUnavailable
from tests.conftest import InProcessAdapter

_BEGIN: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
_NEARBY: Final = timedelta(seconds=60)
# Ages every key of Redis by so many milliseconds.
_AGE: Final = """
for _, key in ipairs(redis.call('KEYS', '*')) do
    local left = redis.call('PTTL', key)
    if left >= 0 then
        if left <= tonumber(ARGV[1]) then redis.call('DEL', key)
        else redis.call('PEXPIRE', key, left - tonumber(ARGV[1])) end
    end
end
"""


class Killed(BaseException):
    """kill -9: no handler of ours sees it."""


@dataclass
class World:
    """Everything around us, of one seed."""

    chance: random.Random
    clock: time_machine.Traveller
    redis: redis.Redis
    queue: list[tuple["Task[Any, Any]", tuple[Any, ...]]] = field(default_factory=list)
    # So many requests to Twilio from now, and whether the last of them still takes effect.
    dies_after: tuple[int, bool] | None = None
    # None for the answer of nobody.
    on_webhook: Callable[[str, dict[str, str], Answer | None], None] = lambda *told: None
    # Our own word for it: what the product believes may be wrong.
    is_database_away: bool = False
    is_web_away: bool = False

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, time: timedelta) -> None:
        """The clock goes on, for Redis and for Twilio too."""
        self.clock.shift(time)
        if time >= _NEARBY:
            last_known_good.nearby.clear()
        self.redis.eval(_AGE, 0, int(time.total_seconds() * 1000))
        if Call.objects.live().exists():
            calls.settle()
        sessions.expire_due()
        held.deliver()

    def work(self, most: int) -> None:
        """A worker takes what was sent, the oldest first. It may die of it."""
        for task, ids in [self.queue.pop(0) for _ in range(min(most, len(self.queue)))]:
            self.run(task, *ids)

    def run(self, task: "Task[Any, Any]", *ids: Any) -> None:
        # What is to be tried again is: the row says so, not the broker.
        with suppress(NotYet, TwilioUnavailable, TwilioRefused, Killed):
            task.run(*ids)

    @contextmanager
    def dying(self) -> Iterator[None]:
        """At one of the next requests to Twilio we die, before or after it takes effect."""
        self.dies_after = (self.chance.randrange(1, 7), self.chance.random() < 0.5)
        try:
            yield
        finally:
            self.dies_after = None

    def database_is_away(self, *, away: bool) -> None:
        """For our callbacks; Twilio has its own."""
        self.is_database_away = away
        deadlines.line._next_try = float("inf") if away else None


@contextmanager
def worlds() -> Iterator[Callable[[int], "Any"]]:
    """Makes worlds: ``with make(seed) as world``. One at a time."""
    with ExitStack() as staying, redis.Redis.from_url(settings.REDIS_URL) as client:
        # In real seconds, of which a busy machine may take some: neither of the two is away.
        staying.enter_context(mock.patch.object(deadlines, "_PATIENCE", 20.0))
        for line in (memory.line, memory.line_of_changes):
            staying.enter_context(mock.patch.object(line, "patience", 20.0))
            # What first reaches Redis or a broker draws from the chance of its seed, which would
            # then live another life alone than after others.
            memory.ask(methodcaller("ping"), line)
        staying.enter_context(mock.patch.object(AnyTask, "apply_async", _send))
        staying.enter_context(mock.patch.object(Celery, "send_task"))
        staying.enter_context(mock.patch.object(webhooks, "send", _told(webhooks.send)))
        staying.enter_context(mock.patch.object(InProcessAdapter, "send", _asked()))
        _leave_rows_where_they_are()
        with time_machine.travel(_BEGIN, tick=False) as clock, _only(random.Random(0)):
            _HERE.append(World(random.Random(0), clock, client))
            beginning = _beginning()
            _HERE.pop()

        @contextmanager
        def make(seed: int) -> Iterator[World]:
            chance = random.Random(seed)
            with time_machine.travel(_BEGIN, tick=False) as clock, _only(chance):
                _HERE.append(World(chance, clock, client))
                _begin_anew(beginning, client)
                try:
                    yield _HERE[-1]
                finally:
                    _HERE.pop().database_is_away(away=False)

        yield make


def phones(numbers: list[str]) -> None:
    Phone.objects.bulk_create(Phone(number=number, name="somebody") for number in numbers)


_HERE: list[World] = []


def _send(task: "Task[Any, Any]", args: Any = (), kwargs: Any = None, **options: Any) -> None:
    _HERE[-1].queue.append((task, tuple(args or ())))


def _told(through: Callable[..., Answer]) -> Callable[..., Answer]:
    def send(url: str, fields: dict[str, str]) -> Answer:
        answer = None
        try:
            answer = through(url, fields)
        finally:
            _HERE[-1].on_webhook(url, dict(fields), answer)
        return answer

    return send


def _asked() -> Callable[..., Any]:
    through = InProcessAdapter.send

    def send(adapter: InProcessAdapter, request: Any, *args: Any, **options: Any) -> Any:
        world = _HERE[-1]
        is_to_us = "/switchboard/" not in request.path_url
        if is_to_us and world.is_web_away:
            raise requests.ConnectionError(request.url)
        if world.dies_after is None or is_to_us:
            return through(adapter, request, *args, **options)
        left, takes_effect = world.dies_after
        world.dies_after = (left - 1, takes_effect)
        if left > 1:
            return through(adapter, request, *args, **options)
        world.dies_after = None
        if takes_effect:
            through(adapter, request, *args, **options)
        raise Killed

    return send


@contextmanager
def _only(chance: random.Random) -> Iterator[None]:
    """All chance is that of the seed: SIDs, UUIDs, codes, what is shuffled."""
    drawn = random.Random(chance.randrange(2**64))
    random.seed(drawn.randrange(2**64))
    with (
        mock.patch.object(os, "urandom", drawn.randbytes),
        mock.patch.object(random, "_urandom", drawn.randbytes),
    ):
        yield


def _models() -> list[type[Model]]:
    """Of which a world has rows."""
    labels = ("proxying", "switchboard", "listings")
    models = [one for label in labels for one in apps.get_app_config(label).get_models()]
    return [*models, get_user_model()]


def _leave_rows_where_they_are() -> None:
    """Nothing may move rows or change plans meanwhile: a query without an order keeps its own."""
    with connection.cursor() as cursor:
        for model in _models():
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" SET (autovacuum_enabled = off)')


def _beginning() -> list[Model]:
    """What every world begins with: a Service with its pool, and Verify."""
    _empty()
    call_command("configure_proxy_service", stdout=StringIO())
    sid = settings.TWILIO_VERIFY_SERVICE_SID
    VerifyService.objects.create(sid=sid, friendly_name="ShoppingPlace")
    in_order = sorted(_models(), key=lambda model: model not in (Service, IncomingPhoneNumber))
    return [row for model in in_order for row in model._default_manager.order_by("pk")]


def _model_of(row: Model) -> type[Model]:
    return type(row)


def _begin_anew(beginning: list[Model], client: redis.Redis) -> None:
    client.flushdb()
    last_known_good.nearby.clear()
    _empty()
    for model, rows in groupby(beginning, key=_model_of):
        model._base_manager.bulk_create(copy(row) for row in rows)
    # The rows have brought their numbers with them.
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(
            no_style(), list(map(_model_of, beginning))
        ):
            cursor.execute(statement)


def _empty() -> None:
    tables = [model._meta.db_table for model in _models()]
    with connection.cursor() as cursor:
        looks = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)
        cursor.execute(" UNION ALL ".join(looks))
        full = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
        if full:
            cursor.execute(f"TRUNCATE {full} RESTART IDENTITY CASCADE")
