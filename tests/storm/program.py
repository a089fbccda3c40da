"""What a program is, and what it says."""

import ast
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
_LITERALS = {"FIGURE", "TITLE", "N", "SMALL", "CONTROL", "CONTROL_WAITS", "ALONE"}


@dataclass(frozen=True)
class Result:
    """Whether the figure *held*, and what was *measured*, in a line."""

    held: bool
    measured: str


@dataclass(frozen=True)
class Program:
    """A module of this folder, known by reading it: importing it takes a Django set up."""

    name: str
    figure: int
    title: str
    n: int
    small: int
    of_control: int
    # Idle for most of its time, so that it may run beside the program itself.
    control_waits: bool
    # Beside others it would measure them too.
    alone: bool


def programs() -> list[Program]:
    """All there are, in the order of their figures."""
    found = [program for path in _FOLDER.glob("*.py") if (program := _read(path))]
    return sorted(found, key=lambda program: (program.figure, program.name))


def _read(path: Path) -> Program | None:
    said = {
        target.id: ast.literal_eval(statement.value)
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and target.id in _LITERALS
    }
    if "FIGURE" not in said:
        return None
    small = said["SMALL"]
    return Program(
        path.stem,
        said["FIGURE"],
        said["TITLE"],
        said["N"],
        small,
        said.get("CONTROL", small),
        said.get("CONTROL_WAITS", False),
        said.get("ALONE", False),
    )
