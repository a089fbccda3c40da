"""The words that listings say, and from them what an unfinished or misspelt one may mean."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

from django.db import connection

from listings.models import Listing, SearchWord

MAX_WORDS: Final = 8
# From so many letters on, a word is also the beginning of others: of so many, the shortest.
BEGINS_FROM: Final = 3
MEANINGS: Final = 10
CANDIDATES: Final = 3
_LONGEST: Final = SearchWord._meta.get_field("word").max_length or 0
# How alike two words must be, from 0 to 1, and how many of the nearest are looked at.
_ALIKE: Final = 0.7
_LOOKED_AT: Final = 10
# With digits, but not digits alone: numbers are endless, and nobody misspells them.
_WORD: Final = re.compile(r"(?=\d*[^\W\d_])[^\W_]{3,}")
# Words that say nothing: whoever types them does not want them looked for.
_SILENT: Final = re.compile("an?|and|at|by|for|from|in|is|it|of|on|or|the|to|with")


def words_of(text: str) -> list[str]:
    """The words to look for: lower case, at most eight, the silent ones only if alone."""
    spoken = [word for word in text.lower().split() if any(map(str.isalnum, word))]
    words = list(dict.fromkeys(spoken))
    return ([word for word in words if not _SILENT.fullmatch(word)] or words)[:MAX_WORDS]


def learn(listing: Listing) -> None:
    """Remember what a listing says. Call it in the transaction that publishes or changes it."""
    learn_from([listing.title, listing.description])


def learn_from(texts: Iterable[str]) -> None:
    """Remember the words of many *texts*, in one statement for each thousand words."""
    # In order, so that two who learn the same words do not wait for each other in a circle.
    words = sorted({word for text in texts for word in _WORD.findall(text.lower())})
    SearchWord.objects.bulk_create(
        [SearchWord(word=word) for word in words if len(word) <= _LONGEST],
        batch_size=1000,
        ignore_conflicts=True,
    )


def lexemes_of(words: list[str]) -> dict[str, list[str]]:
    """What PostgreSQL indexes for each of *words*, and after it for known words that begin so.

    Lexemes as ``to_tsvector('english')`` makes them. Words with signs in them are left out:
    they fall into several.
    """
    lexemes: dict[str, list[str]] = {word: [] for word in words if word.isalnum()}
    with connection.cursor() as cursor:
        # The operators compare byte by byte, as the index for LIKE does.
        cursor.execute(
            """
            SELECT asked.word,
                coalesce((tsvector_to_array(to_tsvector('english', meant.word)))[1], meant.word)
            FROM unnest(%s::text[]) AS asked (word), LATERAL (
                SELECT asked.word, 0 AS longer
                UNION ALL (
                    SELECT known.word, length(known.word) FROM listings_searchword AS known
                    WHERE length(asked.word) >= %s
                        AND known.word ~>=~ asked.word
                        AND known.word ~<~ (asked.word || chr(1114111))
                    ORDER BY length(known.word), known.word LIMIT %s
                )
            ) AS meant
            ORDER BY meant.longer
            """,
            [list(lexemes), BEGINS_FROM, MEANINGS],
        )
        for word, lexeme in cursor.fetchall():
            if lexeme not in lexemes[word]:
                lexemes[word].append(lexeme)
    return lexemes


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
    return {word: _likest(word, ones) for word, ones in near.items() if word not in ones}


def _likest(word: str, ones: list[str]) -> list[str]:
    alike = [one for one in ones if _likeness(word, one) >= _ALIKE]
    return sorted(alike, key=lambda one: -_likeness(word, one))[:CANDIDATES]


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
