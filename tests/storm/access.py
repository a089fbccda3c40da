"""Every address, as everybody, for every owner, by every method: who gets what, and writes.

Nothing that is refused writes a row, nothing that is only asked for writes one, no change
is made without a CSRF token, and nobody gets in who is not on the address's row.
"""

import logging
import multiprocessing
import random
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any
from unittest import mock

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test import Client

from listings.models import ListingQuerySet
from tests.storm import Result
from tests.storm.access_rows import Answer, Row, row_of
from tests.storm.people import Owner, a_browser, a_program, nothing_held_back, people
from tests.storm.url_table import Address, addresses

FIGURE = 15
TITLE = "Every URL x every role x every owner x every method"
# More than there are: all.
N = 100_000
SMALL = 300
CONTROL = 150

_PROCESSES = 2
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SAFE = {"GET", "HEAD", "OPTIONS"}
_CHANGES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(\w+)"', re.IGNORECASE)
# Of the visit, not of what is visited.
_OF_THE_VISIT = {"django_session"}
_SCENE: dict[str, Any] = {}


@dataclass(frozen=True)
class Cell:
    """One case. *forged* is a post that another site makes the browser of *role* send."""

    address: Address
    row: Row
    role: str
    owner: int
    is_draft: bool
    method: str
    forged: bool

    @property
    def is_of_the_admin(self) -> bool:
        return self.address.route.startswith("admin/")

    def __str__(self) -> str:
        what = " forged" * self.forged + " draft" * self.is_draft
        return f"{self.method} {self.address.route} as {self.role} owner {self.owner}{what}"


def run(n: int, seed: int) -> Result:
    """All cells; where *n* is fewer, as many of them by chance."""
    unknown = [address.route for address in addresses() if row_of(address.route) is None]
    cells = list(all_cells())
    chosen = random.Random(seed).sample(cells, min(n, len(cells)))
    wrong = wrong_cells(chosen, _PROCESSES)
    return Result(
        held=not wrong and not unknown,
        measured=(
            f"{len(chosen)} of {len(cells)} cells of {len(addresses())} addresses; "
            f"{len(unknown)} addresses without a row; {len(wrong)} cells wrong: "
            f"{'; '.join([*unknown, *wrong][:8]) or 'none'}"
        ),
    )


def control(n: int, seed: int) -> Result:
    """Anybody's listings are everybody's: the pages of one's own no longer ask whose."""
    ask = ListingQuerySet.filter

    def ask_of_anybody(rows: Any, *args: Any, **wanted: Any) -> Any:
        kept = {name: value for name, value in wanted.items() if "seller" not in name}
        return ask(rows, *args, **kept)

    own = [cell for cell in all_cells() if "my/listings/<" in cell.address.route]
    with mock.patch.object(ListingQuerySet, "filter", ask_of_anybody):
        wrong = wrong_cells(random.Random(seed).sample(own, min(n, len(own))))
    return Result(held=not wrong, measured=f"{len(wrong)} of {n} wrong: {'; '.join(wrong[:3])}")


def all_cells() -> Iterator[Cell]:
    for address in addresses():
        row = row_of(address.route)
        if row is None:
            continue
        is_somebodys = address.parameters and not row.example
        if address.route.startswith("admin/"):
            # Staff see everybody's: there is no owner.
            roles, is_somebodys = ("anybody", "tom", "clerk", "chief"), False
        else:
            roles = ("anybody", "tom", "bob", "mallory", "sam", "clerk", "chief")
        for owner, role, method in product(range(2 if is_somebodys else 1), roles, METHODS):
            for is_draft in (False, True) if row.draft else (False,):
                yield Cell(address, row, role, owner, is_draft, method, forged=False)
            if method not in _SAFE and role != "anybody":
                yield Cell(address, row, role, owner, is_draft=False, method=method, forged=True)


class _Visitors:
    """A browser for each role, one that brings no CSRF token along, and a program."""

    def __init__(self, roles: Mapping[str, User | None]) -> None:
        self.browsers = {role: a_browser(user) for role, user in roles.items()}
        self.forged = {
            role: a_browser(user, enforce_csrf_checks=True) for role, user in roles.items()
        }
        self.programs = {role: a_program(user) for role, user in roles.items()}

    def of(self, cell: Cell) -> Client:
        if cell.forged:
            return self.forged[cell.role]
        return (self.programs if cell.row.by_program else self.browsers)[cell.role]


def wrong_cells(cells: list[Cell], processes: int = 1) -> list[str]:
    """What is wrong with each that is. Nothing that a cell does stays."""
    logging.disable(logging.CRITICAL)
    with nothing_held_back():
        roles, owners = people()
        # Handed on by fork: a seller cannot be pickled, for a pickle would show the number.
        _SCENE["visitors"], _SCENE["owners"] = _Visitors(roles), owners
        connections.close_all()
        parts = [cells[at::processes] for at in range(processes)]
        with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
            wrong = [line for lines in pool.map(_wrong, parts) for line in lines]
    logging.disable(logging.NOTSET)
    return wrong


def _wrong(cells: list[Cell]) -> list[str]:
    visitors, owners = _SCENE["visitors"], _SCENE["owners"]
    wrong = []
    for cell in cells:
        client = visitors.of(cell)
        # Who logs out here is logged in for the next cell.
        cookies = client.cookies.copy()
        status, location, written = _ask(client, cell, owners[cell.owner])
        client.cookies = cookies
        if problem := _judged(cell, owners[cell.owner], status, location, written):
            wrong.append(f"{cell}: {problem}")
    return wrong


def _ask(client: Client, cell: Cell, owner: Owner) -> tuple[int, str, set[str]]:
    written: set[str] = set()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        if (change := _CHANGES.match(sql)) and context["cursor"].rowcount:
            written.add(change[1])
        return done

    with transaction.atomic(), connection.execute_wrapper(note):
        response = client.generic(
            cell.method,
            _path(cell, owner),
            cell.row.body if cell.method == "POST" else "",
            content_type="application/json"
            if cell.row.by_program
            else "application/x-www-form-urlencoded",
        )
        transaction.set_rollback(True)
    return response.status_code, response.headers.get("Location", ""), written - _OF_THE_VISIT


def _path(cell: Cell, owner: Owner) -> str:
    values = owner.values()
    route = cell.address.route
    if cell.row.example:
        return f"/{cell.row.example}"
    room = route.removeprefix("api/v1/").split("/")[0]
    values["pk"] = values.get(room, owner.seller.pk)
    values["token"] = values["unsubscribe" if "unsubscribe" in route else "renew"]
    values["action"] = "decline"
    if cell.is_draft:
        values["reference"] = owner.draft.reference
    if route.startswith("admin/") and "object_id" in cell.address.parameters:
        app, model = route.split("/")[1:3]
        first = apps.get_model(app, model)._base_manager.first()
        values["object_id"] = first.pk if first else 1
    for name in ("service_sid", "session_sid", "participant_sid", "number_sid", "account_sid"):
        values[name] = f"KS{0:032x}"
    values |= {"sid": "x", "number": "+14155550100", "country": "US", "interaction_sid": "x"}
    return cell.address.path(values | {"anything": "none"})


def _judged(cell: Cell, owner: Owner, status: int, location: str, written: set[str]) -> str:
    """What is wrong with the answer; empty: nothing."""
    expected, got = _expected(cell, owner), _got(status, location)
    if cell.forged and not cell.row.exempt:
        stopped = {403} if cell.method in cell.row.methods else {401, 403, 404, 405}
        is_right, written_for = status in stopped, False
    else:
        is_right = got is expected or _is_no(cell, expected, got)
        written_for = expected is Answer.IN and _may_write(cell)
    if written and not written_for:
        return f"{status}, and wrote {', '.join(sorted(written))}"
    return "" if is_right and status < 500 else f"{status} {location}, not {expected.value}"


def _expected(cell: Cell, owner: Owner) -> Answer:
    row = cell.row
    of_the_owner = {owner.seller.user.username: "seller", owner.buyer.username: "buyer"}
    part = of_the_owner.get(cell.role, "")
    if (
        cell.is_draft
        and row.draft
        and not (cell.role == "anybody" and row.anybody is not Answer.IN)
    ):
        return Answer.IN if part in row.draft_insiders else row.draft
    if {part, cell.role} & set(row.insiders):
        return Answer.IN
    forbidden = row.forbidden if cell.method in _SAFE else row.forbidden + row.changes_forbidden
    if {part, cell.role} & set(forbidden):
        return Answer.FORBIDDEN
    return row.anybody if cell.role == "anybody" else row.others


def _may_write(cell: Cell) -> bool:
    if cell.method in _SAFE:
        return cell.row.writes_on_get
    return cell.method in cell.row.methods


def _got(status: int, location: str) -> Answer | None:
    if status in {301, 302} and re.match(r"/(?:accounts|admin)/(?:login|reauth)", location):
        return Answer.LOG_IN
    if status == 302 and location == "/admin/":
        # Where the admin leads who asks for what is not there.
        return Answer.ABSENT
    by_status = {401: Answer.UNKNOWN, 403: Answer.FORBIDDEN, 404: Answer.ABSENT, 405: None}
    return by_status.get(status, Answer.IN)


def _is_no(cell: Cell, expected: Answer, got: Answer | None) -> bool:
    """Whether it is refused in another way than expected, which is as good."""
    if cell.is_of_the_admin and got is Answer.ABSENT:
        return True
    if cell.method not in cell.row.methods or expected is not Answer.IN:
        is_no_method = cell.method not in cell.row.methods and got is not Answer.IN
        return got is None or is_no_method or cell.method == "OPTIONS"
    if cell.method == "HEAD" and got is None:
        return True
    if cell.is_of_the_admin and cell.role != "anybody":
        # Nobody adds or deletes what only Twilio or a seller can make or end.
        return got is Answer.FORBIDDEN
    return cell.role == "anybody" and got is Answer.LOG_IN
