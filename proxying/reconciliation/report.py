"""What a reconciliation found, and what became of it. Ids only, no phone numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How our rows and Twilio differ."""

    STRAY = "paid for, but in no row of ours"
    UNCLAIMED = "bought for a row that does not know of it"
    RENAMED = "at Twilio under another SID"
    VANISHED = "gone from Twilio"
    NOT_RESERVED = "no longer reserved for its seller"
    RESERVED_IN_POOL = "reserved, though it is the pool's"
    WRONG_SERVICE = "in another of our Services"
    NO_SERVICE = "in none of our Services"
    SERVICE_CHANGED = "a Service with other callbacks or time to live"
    SERVICE_GONE = "a Service that Twilio does not have"
    UNKNOWN_SESSION = "a Session that no row of ours knows"


class Outcome(StrEnum):
    FOUND = "found"
    REPAIRED = "repaired"
    LEFT_ALONE = "left alone"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """One difference. *subject* is an id of ours or a SID; without *repair* it is staff's."""

    kind: Kind
    subject: str
    repair: Callable[[], bool] | None = None


@dataclass
class Report:
    """Every finding with its outcome; *foreign* counts numbers that do not bear our marker."""

    foreign: int = 0
    results: list[tuple[Finding, Outcome]] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(found_outcome == outcome for _finding, found_outcome in self.results)

    def kinds(self, outcome: Outcome) -> list[Kind]:
        return [finding.kind for finding, found_outcome in self.results if found_outcome == outcome]
