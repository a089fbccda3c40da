"""The API, from its own OpenAPI document, and every form, field by field, with bad values."""

import json
import logging
import random
import re
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.validators import ProhibitNullCharactersValidator
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.storm import Result
from tests.storm.access_rows import row_of
from tests.storm.people import PASSWORD, Owner, a_browser, a_program, nothing_held_back, people
from tests.storm.url_table import Address, addresses

FIGURE = 16
TITLE = "The API and every form, fuzzed from the document and by field"
N = 20_000
SMALL = 200
CONTROL = 4_000

# Seconds of a processor: far more than any page takes, far less than a text can that some
# expression reads again from each of its letters.
_LONGEST = 10.0

_FIELD = re.compile(rb'<(?:input|select|textarea|button)\b[^>]*?\bname="([^"]+)"')
_HUGE = "9" * 400
NASTY = (
    "", " ", "\x00", "a\x00b", "\ud800", "\u202e", "\U0001f600" * 50, "é" * 300, "x" * 70_000,
    "-1", "0", "1e400", "NaN", "Infinity", "-0.0", _HUGE, f"-{_HUGE}", "1" + "0" * 18, "0x10",
    "2147483648", "9223372036854775808", "1.005", "٣", "null", "true", "[]", "{}", "%00",
    "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd", "\r\nSet-Cookie: a",
    "(((((", "a & b | ! c:*", "\\", "%", "_", "😀", "2026-02-30", "99999-01-01T00:00:00Z",
    "00000000-0000-0000-0000-000000000000", "not-a-uuid", "+1", "+14155550100", "javascript:x",
    "//mallory.example", "http://[", "next=//mallory.example", "newest", "active", "1", "25",
)  # fmt: skip
_OF_JSON: tuple[Any, ...] = (
    None, True, [], {}, [[]], {"a": {}}, 0, -1, 10**400, 1e308, -0.0, [None], "", ["x"] * 2000,
)  # fmt: skip
_BODIES = (
    b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"title": NaN}', b"[" * 5_000, b'{"a":' * 2_000,
    b'{"title": "\\ud800"}', b'{"price": 1e999}', b"\x00", b"{}" * 9,
)  # fmt: skip


def run(n: int, seed: int) -> Result:
    return _fuzz(n, seed)


def control(n: int, seed: int) -> Result:
    """Forms let a NUL through, which PostgreSQL does not take; and nothing else is sent.

    Few columns take what is sent as it is, so that *n* are many; the first that breaks ends it.
    """
    with (
        mock.patch.object(ProhibitNullCharactersValidator, "__call__"),
        mock.patch(f"{__name__}.NASTY", ("a\x00b",)),
    ):
        return _fuzz(n, seed, until_broken=True)


def _fuzz(n: int, seed: int, *, until_broken: bool = False) -> Result:
    chance = random.Random(seed)
    statuses: dict[int, int] = {}
    broken: list[str] = []
    slowest = 0.0
    logging.disable(logging.CRITICAL)
    with nothing_held_back():
        roles, owners = people()
        browsers = [a_browser(roles[role]) for role in ("anybody", "tom", "bob", "chief")]
        programs = [a_program(roles[role]) for role in ("tom", "bob", "anybody")]
        cases = _mixed(_of_the_api(programs, owners, chance), _of_forms(browsers, owners, chance))
        for _, (client, method, path, sent) in zip(range(n), cases, strict=False):
            began = time.process_time()
            status, why = _ask(client, method, path, sent)
            took = time.process_time() - began
            slowest = max(slowest, took)
            statuses[status] = statuses.get(status, 0) + 1
            if status >= 500 or took > _LONGEST:
                why = why or f"{took:.0f} s"
                broken.append(f"{method} {path[:120]!r} {why} {str(sent)[:160]}")
            if broken and until_broken:
                break
    logging.disable(logging.NOTSET)
    return Result(
        held=not broken,
        measured=(
            f"{len(broken)} of {sum(statuses.values())} answered 5xx or worked too long"
            f"{': ' + '; '.join(broken[:5]) if broken else ''}; "
            f"slowest {slowest:.1f} s; by status {dict(sorted(statuses.items()))}"
        ),
    )


type Case = tuple[Client, str, str, dict[str, Any]]


def _mixed(*streams: Iterator[Case]) -> Iterator[Case]:
    while True:
        for stream in streams:
            yield next(stream)


def _ask(client: Client, method: str, path: str, sent: dict[str, Any]) -> tuple[int, str]:
    """In a transaction that is undone: the next case finds what this one found."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = (
            client.generic(method, path, **sent)
            if "data" in sent or method == "GET"
            else client.post(path, sent["fields"])
        )
        transaction.set_rollback(True)
    client.cookies = cookies
    raised = getattr(response, "exc_info", None)
    return response.status_code, repr(raised[1])[:200] if raised else ""


def _of_the_api(
    programs: list[Client], owners: list[Owner], chance: random.Random
) -> Iterator[Case]:
    """What the document says can be asked, with parameters and bodies that it does not."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    operations = [
        (path, method.upper(), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    while True:
        path, method, operation = chance.choice(operations)
        parameters = operation.get("parameters", [])
        query = {one["name"]: _nasty(chance) for one in parameters if one["in"] == "query"}
        some = chance.sample(sorted(query), chance.randint(0, min(3, len(query))))
        where = _filled(path, owners, chance)
        if some:
            where += "?" + urlencode({name: query[name] for name in some})
        yield chance.choice(programs), method, where, _body(operation, document, chance)


def _body(
    operation: dict[str, Any], document: dict[str, Any], chance: random.Random
) -> dict[str, Any]:
    if chance.random() < 0.2:
        return {"data": chance.choice(_BODIES), "content_type": "application/json"}
    content = operation.get("requestBody", {}).get("content", {})
    kind, described = next(iter(content.items()), ("application/json", {}))
    name = described.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    properties = document["components"]["schemas"].get(name, {}).get("properties", {})
    fields: dict[str, Any] = {
        field: chance.choice([_nasty(chance), *chance.sample(_OF_JSON, 2)])
        for field in properties
        if chance.random() < 0.6
    }
    if kind != "application/json" and chance.random() < 0.5:
        return {"data": _multipart(fields, chance), "content_type": f"{kind}; boundary=x"}
    return {"data": json.dumps(fields).encode(), "content_type": "application/json"}


def _multipart(fields: dict[str, Any], chance: random.Random) -> bytes:
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a.jpg"\r\n\r\n%s\r\n'
        % (name.encode(), chance.choice([chance.randbytes(90), b"\xff\xd8\xff", b"GIF89a"]))
        for name in fields
    ]
    return b"".join(parts) + b"--x--\r\n"


def _of_forms(browsers: list[Client], owners: list[Owner], chance: random.Random) -> Iterator[Case]:
    """Each page's own fields, read from the page, some of them with what nobody types."""
    pages = [
        (address, row)
        for address in addresses()
        if (row := row_of(address.route)) and not row.by_program and row.methods
    ]
    known: dict[tuple[str, int], list[str]] = {}
    while True:
        address, row = chance.choice(pages)
        client = chance.choice(browsers)
        path = _page_path(address, row.example, owners, chance)
        if "POST" not in row.methods or chance.random() < 0.3:
            yield client, "GET", f"{path}?{_a_query(chance)}", {}
            continue
        key = (path, id(client))
        if key not in known:
            known[key] = _fields_of(client, path) if "GET" in row.methods else []
        names = known[key] or ["state", "next", "direction", "body", "from", "to", "code"]
        fields = {name: _value(name, chance) for name in names if chance.random() < 0.8}
        yield client, "POST", path, {"fields": fields}


def _value(name: str, chance: random.Random) -> Any:
    if chance.random() < 0.15:
        return SimpleUploadedFile("a\x00.jpg", chance.randbytes(200))
    if "password" in name and chance.random() < 0.5:
        return PASSWORD
    return _nasty(chance)


def _nasty(chance: random.Random) -> str:
    value = chance.choice(NASTY)
    # Half a character cannot be sent as it is; what can is its escape.
    return value.encode("utf-8", "backslashreplace").decode()


def _a_query(chance: random.Random) -> str:
    names = (
        "q", "page", "min", "max", "place", "km", "category", "sort", "after", "next", "as",
        "o", "p", "condition", "photos", "cursor", "_changelist_filters", "e", "model_name",
    )  # fmt: skip
    return urlencode({name: _nasty(chance) for name in chance.sample(names, 4)})


def _fields_of(client: Client, path: str) -> list[str]:
    with transaction.atomic():
        page = client.get(path)
        transaction.set_rollback(True)
    found = _FIELD.findall(page.content) if not page.streaming else []
    return sorted({name.decode() for name in found} - {"csrfmiddlewaretoken"})


def _filled(path: str, owners: list[Owner], chance: random.Random) -> str:
    owner = chance.choice(owners)
    values = owner.values()
    room = path.removeprefix("/api/v1/").split("/")[0]
    own = {**values, "id": values.get(room, ""), "pk": values.get(room, "")}

    def fill(found: re.Match[str]) -> str:
        return urlencode({"": _nasty(chance)})[1:] if chance.random() < 0.2 else str(own[found[1]])

    return re.sub(r"{(\w+)}", fill, path)


def _page_path(address: Address, example: str, owners: list[Owner], chance: random.Random) -> str:
    if example:
        return f"/{example}"
    values = chance.choice(owners).values()
    room = address.route.split("/")[0]
    token = values["unsubscribe" if "unsubscribe" in address.route else "renew"]
    action = chance.choice(["accept", "decline", "cancel", "confirm", "rate", "none"])
    more = {"pk": values.get(room, 1), "token": token, "action": action, "object_id": 1}
    return address.path({**dict.fromkeys(address.parameters, "x"), **values, **more})
