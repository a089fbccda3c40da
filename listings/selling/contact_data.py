"""Phone numbers and e-mail addresses in what a seller types: everybody could read them."""

import re
from collections.abc import Iterator
from typing import Final

from proxying.phone_numbers import PhoneNumber

# What is longer than any field takes is refused for that; to search it would keep a worker busy.
_LONGEST: Final = 10_000
# Before the @ stand at most 64 octets (RFC 5321, 4.5.3.1.1).
_EMAIL: Final = re.compile(
    r"[\w.+-]{1,64}\s?(?:@|[(\[]at[)\]])\s?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE
)
_INTERNATIONAL: Final = re.compile(r"(?<!\w)\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}")
# Three, three and four digits, as North America writes them.
_NATIONAL: Final = re.compile(
    r"(?<![\w.,$-])(?:1[ .-]?)?\(?[0-9]{3}\)?[ .-]{0,2}[0-9]{3}[ .-]?[0-9]{4}(?![\w]|[.,][0-9])"
)

_WORDS: Final = {
    "zero": "0",
    "oh": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
_WORD: Final = re.compile("|".join(_WORDS), re.IGNORECASE)
_PIECE: Final = rf"(?:[0-9]{{1,4}}|{_WORD.pattern})"
# "415 two three four 5555": pieces of digits and words for them, several in a row.
_SPELT: Final = re.compile(rf"\b{_PIECE}(?:[ .,()-]{{1,3}}{_PIECE}){{2,10}}\b", re.IGNORECASE)
# Area code and exchange both begin with 2 to 9; sizes and years of ten digits seldom do.
_DIALLED: Final = re.compile(r"1?[2-9][0-9]{2}[2-9][0-9]{6}")
_SPELT_WORDS: Final = 3


def find(text: str) -> list[str]:
    """What in *text* is a phone number or an e-mail address, as it is written there.

    Of a text that is longer than any field takes, the beginning is searched.
    """
    return [text[start:end] for start, end in _spans(text)]


def remove(text: str) -> str:
    """*text* without what ``find`` finds, and without the gaps that it leaves."""
    for start, end in reversed(list(_spans(text))):
        text = text[:start] + text[end:]
    return re.sub(r"[ \t]{2,}", " ", re.sub(r"(?<![ \t])[ \t]+([,.;:!?])", r"\1", text)).strip()


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where they stand, from left to right; none within another."""
    text = text[:_LONGEST]
    found = [match.span() for match in _EMAIL.finditer(text)]
    found += [match.span() for match in _INTERNATIONAL.finditer(text) if _is_a_phone(match[0])]
    found += [match.span() for match in _NATIONAL.finditer(text) if _is_dialled(match[0])]
    found += [match.span() for match in _SPELT.finditer(text) if _is_spelt(match[0])]
    behind = 0
    for start, end in sorted(found):
        if start >= behind:
            yield start, end
            behind = end


def _is_a_phone(written: str) -> bool:
    try:
        PhoneNumber.parse(written, "US")
    except ValueError:
        return False
    return True


def _is_dialled(written: str) -> bool:
    return _DIALLED.fullmatch(re.sub(r"\D", "", written)) is not None


def _is_spelt(written: str) -> bool:
    digits = _WORD.sub(lambda word: _WORDS[word[0].lower()], written)
    return len(_WORD.findall(written)) >= _SPELT_WORDS and _is_dialled(digits)
