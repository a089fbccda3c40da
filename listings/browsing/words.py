"""The words that listings say, and from them what a misspelt word may have meant."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

from django.db import connection

from listings.browsing.search import words_of
from listings.models import Listing, SearchWord

CANDIDATES: Final = 3
_LONGEST: Final = SearchWord._meta.get_field("word").max_length or 0
# How alike two words must be, from 0 to 1, and how many of the nearest are looked at.
_ALIKE: Final = 0.7
_LOOKED_AT: Final = 10
_WORD: Final = re.compile(r"[^\W\d_]{3,}")


def learn(listing: Listing) -> None:
    """Remember what a listing says. Call it in the transaction that publishes or changes it."""
    learn_from([listing.title, listing.description])


def learn_from(texts: Iterable[str]) -> None:
    """Remember the words of many *texts*, in one statement for each thousand words."""
    # In order, so that two who learn the same words do not wait for each other in a circle.
    words = sorted({word for text in texts for word in _WORD.findall(text.casefold())})
    SearchWord.objects.bulk_create(
        [SearchWord(word=word) for word in words if len(word) <= _LONGEST],
        batch_size=1000,
        ignore_conflicts=True,
    )


def corrections(text: str) -> list[str]:
    """At most three other ways to say *text*, the likeliest first. They may find nothing."""
    words = words_of(text)
    alike = _alike([word for word in words if _WORD.fullmatch(word)])
    ways = []
    for turn in range(CANDIDATES):
        said = " ".join(
            alike[word][min(turn, len(alike[word]) - 1)] if alike.get(word) else word
            for word in words
        )
        if said != " ".join(words) and said not in ways:
            ways.append(said)
    return ways


def _alike(words: list[str]) -> dict[str, list[str]]:
    """For each word that no listing says, those most like it, the likest first."""
    near = _near(words)
    return {
        word: sorted(
            (one for one in near[word] if _likeness(word, one) >= _ALIKE),
            key=lambda one, word=word: -_likeness(word, one),  # type: ignore[misc]  # mypy infers no lambda with a default
        )[:CANDIDATES]
        for word in near
        if word not in near[word]
    }


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _near(words: list[str]) -> dict[str, list[str]]:
    """For each word some that look like it, itself among them if it is known."""
    if not words:
        return {}
    if connection.vendor != "postgresql":
        known = list(SearchWord.objects.values_list("word", flat=True))
        return dict.fromkeys(words, known)
    near: dict[str, list[str]] = {word: [] for word in words}
    with connection.cursor() as cursor:
        # The index walks the words in the order of their likeness.
        cursor.execute(
            """
            SELECT asked.word, near.word
            FROM unnest(%s::text[]) AS asked (word), LATERAL (
                SELECT known.word FROM listings_searchword AS known
                ORDER BY known.word <-> asked.word LIMIT %s
            ) AS near
            """,
            [words, _LOOKED_AT],
        )
        for word, known in cursor.fetchall():
            near[word].append(known)
    return near
