"""Places of the product that hold a secret while they run, found by watching, and broken there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import CodeType
from typing import Any, Final

from proxying.phone_numbers import PhoneNumber
from tests.storm.canary_scanner import Canary
from tests.storm.stage import ROOT

# Neither a debugger's nor a profiler's.
_TOOL: Final = 4
_RETURNS: Final = sys.monitoring.events.PY_RETURN
_OURS: Final = tuple(f"{ROOT / name}/" for name in ("proxying", "listings", "shoppingplace"))
_NOT_OURS: Final = str(ROOT / "proxying" / "switchboard")
_DEEP: Final = 2


class Forced(RuntimeError):
    """What went wrong on purpose; as careless libraries do, it may quote a number."""


def name_of(code: CodeType) -> str:
    return f"{Path(code.co_filename).relative_to(ROOT)}:{code.co_qualname}"


@contextmanager
def watched(canaries: list[Canary]) -> Iterator[set[CodeType]]:
    """The functions that end, meanwhile, with one of *canaries* in a variable."""
    found: set[CodeType] = set()
    values = [canary.value for canary in canaries]

    def look(code: CodeType, offset: int, result: Any) -> Any:
        if not _is_ours(code):
            return sys.monitoring.DISABLE
        if _secret_in(sys._getframe(1).f_locals.values(), values):
            found.add(code)
            return sys.monitoring.DISABLE
        return None

    with _monitoring(look):
        yield found


@contextmanager
def broken(place: CodeType, canaries: list[Canary]) -> Iterator[list[str]]:
    """*place* raises once, as it ends; the list then has its name."""
    raised: list[str] = []
    values = [canary.value for canary in canaries]
    numbers = {canary.value for canary in canaries if canary.is_a_number}

    def fail(code: CodeType, offset: int, result: Any) -> Any:
        if code is not place:
            return sys.monitoring.DISABLE
        if not raised:
            secret = _secret_in(sys._getframe(1).f_locals.values(), values)
            if secret:
                raised.append(name_of(code))
                raise Forced(f"for {secret}" if secret in numbers else "for a reason")
        return None

    with _monitoring(fail):
        yield raised


@contextmanager
def _monitoring(callback: Any) -> Iterator[None]:
    sys.monitoring.use_tool_id(_TOOL, "canaries")
    sys.monitoring.register_callback(_TOOL, _RETURNS, callback)
    sys.monitoring.restart_events()
    sys.monitoring.set_events(_TOOL, _RETURNS)
    try:
        yield
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)


def _is_ours(code: CodeType) -> bool:
    name = code.co_filename
    return name.startswith(_OURS) and not name.startswith(_NOT_OURS)


def _secret_in(held: Any, values: list[str], deep: int = _DEEP) -> str:
    """The first of *values* that one of *held* shows to whoever opens it; empty: none."""
    for one in held:
        match one:
            case str():
                text = one
            case PhoneNumber():
                text = one.reveal()
            case dict() if deep:
                text = _secret_in(list(one.values()), values, deep - 1)
            case list() | tuple() if deep:
                text = _secret_in(list(one), values, deep - 1)
            case _ if deep and is_dataclass(one):
                inside = (
                    [one.__dict__.get(each.name) for each in fields(one)]
                    if hasattr(one, "__dict__")
                    else []
                )
                text = _secret_in(inside, values, deep - 1)
            case _:
                continue
        if found := next((value for value in values if value in text), ""):
            return found
    return ""
