"""Towns, by name: where a listing is, as far as anybody may know it.

The list is ``us.tsv``: towns of the United States with at least 1,000 people, from
GeoNames (https://www.geonames.org, CC BY 4.0), the largest first.
"""

import math
import secrets
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).with_name("us.tsv")
_KM_A_DEGREE: Final = 111.2
_BLUR_KM: Final = 1.5


@dataclass(frozen=True)
class Place:
    """A town; degrees, north and east positive."""

    name: str
    region: str
    latitude: float
    longitude: float
    population: int

    @property
    def label(self) -> str:
        return f"{self.name}, {self.region}"


def find(text: str) -> Place | None:
    """The place called *text*: ``Oakland, CA``, or ``oakland`` for the largest of the name."""
    return _by_name().get(_normal(text))


def suggest(text: str, limit: int = 8) -> list[Place]:
    """Places whose label begins with *text*, the largest first."""
    start = _normal(text)
    if not start:
        return []
    labels = _sorted_labels()
    first = bisect_left(labels, start)
    last = bisect_left(labels, start + "\uffff")
    found = {_by_name()[label] for label in labels[first:last]}
    return sorted(found, key=lambda place: -place.population)[:limit]


def near(place: Place) -> tuple[float, float]:
    """Latitude and longitude within 1.5 km of *place*, another one each time.

    Listings show an area, never a house; and no two are exactly as far away as each other.
    """
    turn = secrets.SystemRandom()
    distance = _BLUR_KM * math.sqrt(turn.random())
    angle = turn.uniform(0, math.tau)
    return (
        place.latitude + distance * math.sin(angle) / _KM_A_DEGREE,
        place.longitude
        + distance * math.cos(angle) / (_KM_A_DEGREE * math.cos(math.radians(place.latitude))),
    )


def _normal(text: str) -> str:
    return " ".join(text.replace(",", " ").casefold().split())


@cache
def all_places() -> tuple[Place, ...]:
    with _FILE.open(encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return tuple(
        Place(name, region, float(latitude), float(longitude), int(population))
        for name, region, latitude, longitude, population in rows
    )


@cache
def _by_name() -> Mapping[str, Place]:
    names: dict[str, Place] = {}
    for place in all_places():
        names.setdefault(_normal(place.label), place)
        names.setdefault(_normal(place.name), place)
    return names


@cache
def _sorted_labels() -> list[str]:
    return sorted(_by_name())
