"""Every place where something of the product could lie, as bytes with a label."""

import email
import io
import re
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, Final

import psycopg
import redis
from django.db import connection

from tests.storm.canary_scanner import Canary, Scanner

_ESCAPED: Final = re.compile(rb"\\(x[0-9a-f]{2}|.)", re.DOTALL)
_ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}
_LATE: Final = 10.0
# Of the write-ahead log, in bytes: a page, and the header of each and of a segment's first.
_WAL_PAGE, _WAL_HEADER, _WAL_FIRST_HEADER = 8192, 24, 40


@dataclass(frozen=True)
class Seen:
    """*what* was to be read at *place* of the sink *sink*, by the person *reader*."""

    sink: str
    place: str
    what: bytes
    reader: str = ""


@dataclass(frozen=True)
class Leak:
    sink: str
    place: str
    canary: Canary
    reader: str = ""
    where: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.canary.kind} in {self.sink} {self.place} {self.where}"


class Sinks:
    """What was noted as it passed, and what lies in the stores now."""

    def __init__(self, memory: Any, var: Path) -> None:
        self.log = io.StringIO()
        self._memory = memory
        self._var = var
        self._noted: list[Seen] = []
        self._known: set[int] = set()
        self._segments: set[str] = set()
        self._own: Any = None
        self._monitor = threading.Thread(target=self._listen, daemon=True)
        self._lock = threading.Lock()
        self._passed = threading.Condition()
        self._last_mark = b""
        self._read_of_log = 0

    def begin(self) -> None:
        """From here on all that is written counts."""
        self._own = psycopg.connect(**_parameters(), autocommit=True)
        self._segments = {path.name for path in self._wal()} - {self._last_segment()}
        self._monitor.start()

    def close(self) -> None:
        if self._own is not None:
            self._own.close()

    def note(self, sink: str, place: str, what: bytes, reader: str = "") -> None:
        with self._lock:
            self._noted.append(Seen(sink, place, what, reader))

    def report(self, what: bytes) -> None:
        self.note("report", "error", what)

    @staticmethod
    def current_error() -> BaseException | None:
        return sys.exc_info()[1]

    def plant_in_redis(self, what: bytes) -> None:
        self._memory.set(f"plant:{len(self._known)}:{id(what)}", what)

    def plant_a_file(self, name: str) -> None:
        (self._var / "media").mkdir(exist_ok=True)
        (self._var / "media" / name).touch()

    def leaks(self, scanner: Scanner) -> set[Leak]:
        """In all that is new since the last time."""
        self._catch_up()
        found = set()
        for seen in self._all():
            new = self._new_of(seen)
            for canary in scanner.found(new, has_words=seen.sink != "WAL") if new else ():
                where = scanner.around(new, canary)
                found.add(Leak(seen.sink, seen.place, canary, seen.reader, where))
        return found

    def _all(self) -> Iterator[Seen]:
        with self._lock:
            noted, self._noted = self._noted, []
        yield from noted
        written = self.log.getvalue()
        yield Seen("log", "", written[self._read_of_log :].encode("utf-8", "surrogateescape"))
        self._read_of_log = len(written)
        yield from self._tables()
        yield from self._log_ahead()
        yield from self._redis()
        yield from self._files()

    def _new_of(self, seen: Seen) -> bytes:
        """Its lines that nobody has read here before: pages and logs repeat themselves."""
        if seen.sink == "WAL":
            return seen.what
        new = []
        for line in seen.what.split(b"\n"):
            mark = hash((seen.sink, seen.place, seen.reader, line))
            if mark not in self._known:
                self._known.add(mark)
                new.append(line)
        return b"\n".join([*new, b""]) if new else b""

    def _tables(self) -> Iterator[Seen]:
        with self._own.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in cursor.fetchall():
                with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                    text = b"".join(bytes(part) for part in rows)
                # As text, COPY doubles the backslash of what is bytes.
                yield Seen("table", table, text.replace(b"\\\\x", b"\\x"))

    def tables_of_the_switchboard(self) -> dict[str, int]:
        """Those of ours that hold a row."""
        counted = {}
        with self._own.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'switchboard%'")
            for (table,) in cursor.fetchall():
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                counted[table] = cursor.fetchone()[0]
        return {table: rows for table, rows in counted.items() if rows}

    def _log_ahead(self) -> Iterator[Seen]:
        """Segments that ended; the one under way is ended for it."""
        last = self._last_segment()
        with self._own.cursor() as cursor:
            cursor.execute("SELECT pg_switch_wal()")
        for path in sorted(self._wal()):
            if path.name not in self._segments and path.name <= last:
                self._segments.add(path.name)
                yield Seen("WAL", path.name, _records(path.read_bytes()))

    def _wal(self) -> list[Path]:
        with self._own.cursor() as cursor:
            cursor.execute("SELECT current_setting('data_directory')")
            folder = Path(cursor.fetchone()[0]) / "pg_wal"
        return [path for path in folder.iterdir() if path.is_file()]

    def _last_segment(self) -> str:
        with self._own.cursor() as cursor:
            cursor.execute("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
            name: str = cursor.fetchone()[0]
        return name

    def _listen(self) -> None:
        """What passes through Redis, seen by its own MONITOR, until it ends."""
        with suppress(redis.ConnectionError), self._memory.monitor() as monitor:
            for command in monitor.listen():
                said = command["command"].encode()
                self.note("Redis traffic", "", said)
                self.note("Redis traffic", "", _ESCAPED.sub(_unescaped, said))
                with self._passed:
                    self._last_mark = said.removeprefix(b"ECHO ")
                    self._passed.notify()

    def _catch_up(self) -> None:
        """Waits until all that has passed through Redis is noted; in vain if nobody listens."""
        for _ in range(int(_LATE / 0.2)):
            mark = secrets.token_hex(8).encode()
            self._memory.echo(mark)
            with self._passed:
                if self._passed.wait_for(lambda mark=mark: self._last_mark == mark, 0.2):
                    return

    def _redis(self) -> Iterator[Seen]:
        for key in self._memory.scan_iter():
            kept = self._memory.dump(key) or b""
            yield Seen("Redis", "kept", bytes(key) + b" " + kept + b"\n" + self._value(key))

    def _value(self, key: bytes) -> bytes:
        """As it was put there: a dump may be compressed."""
        kind = self._memory.type(key)
        read = {
            b"string": lambda: [self._memory.get(key)],
            b"list": lambda: self._memory.lrange(key, 0, -1),
            b"hash": lambda: [part for pair in self._memory.hgetall(key).items() for part in pair],
            b"set": lambda: self._memory.smembers(key),
            b"zset": lambda: self._memory.zrange(key, 0, -1),
        }[kind]
        return b"\n".join(part for part in read() if part)

    def _files(self) -> Iterator[Seen]:
        for path in self._var.rglob("*"):
            yield Seen("file name", "", "\n".join(path.parts).encode())
            if path.is_file() and path.is_relative_to(self._var / "mail"):
                raw = path.read_bytes()
                yield Seen("mail", "", raw + b"\n" + b"\n".join(_parts(raw)))
            elif path.is_file() and path.is_relative_to(self._var / "media"):
                yield Seen("media", path.suffix, path.read_bytes())


def _records(segment: bytes) -> bytes:
    """Without the headers of its pages, in whose place a value may be cut in two."""
    starts = range(0, len(segment), _WAL_PAGE)
    headers = (_WAL_HEADER if start else _WAL_FIRST_HEADER for start in starts)
    parts = (
        segment[at + header : at + _WAL_PAGE] for at, header in zip(starts, headers, strict=True)
    )
    return b"".join(parts).rstrip(b"\0")


def _unescaped(match: re.Match[bytes]) -> bytes:
    """What MONITOR wrote in place of a sign that is no letter."""
    sign = match[1]
    return bytes.fromhex(sign[1:].decode()) if len(sign) > 1 else _ESCAPES.get(sign, sign)


def _parts(raw: bytes) -> Iterator[bytes]:
    for one in raw.split(b"-" * 79 + b"\n"):
        message: Message = email.message_from_bytes(one)
        for part in message.walk():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield payload


def _parameters() -> dict[str, Any]:
    given = connection.get_connection_params()
    return {name: given[name] for name in ("dbname", "user", "host", "port") if name in given}
