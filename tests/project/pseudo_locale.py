"""A language in which every translated text stands in ⟦brackets⟧, and a reader of what does not.

It needs no catalog and no gettext program: it answers for every text that is looked up.
Data from people goes in brackets too, so that whatever is left outside is a text of ours
that nobody can translate.
"""

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from django.conf import settings
from django.utils.translation import trans_real
from drf_spectacular import plumbing

OPEN, CLOSE = "⟦", "⟧"

# The same in every language: names, addresses, and what is written for machines.
SAME_EVERYWHERE: Final = re.compile(
    r"ShoppingPlace|shoppingplace-us-\d|JSON|API|QR|GET|POST|DELETE|\bkm\b|\bUS\b"
    r"|[\w.+-]+@[\w.-]+\w|https?://\S+|(?<!\w)/[\w/.?=&-]+"
    # References of listings, parts of keys, and ISO times.
    r"|\b[2-9A-HJKMNP-TV-Z]{5}\b|\b[0-9a-f-]{8,}\b|\b[A-Z]{2}[0-9a-f]{32}\b|\d+T\d+"
)
WORD: Final = re.compile(r"[^\W\d_]{2,}")

READ_ATTRIBUTES: Final = {"alt", "title", "placeholder", "aria-label"}
READ_METAS: Final = {"description", "og:title", "og:description", "og:site_name", "og:image:alt"}
# Groups of options are the world's time zones, by the names that their database gives them.
UNREAD: Final = {"script", "style", "code", "pre", "template", "optgroup"}


def bracketed(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}"


class PseudoLocale(gettext.NullTranslations):
    """Stands where Django keeps the catalog of a language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def to_language(self) -> str:
        return self._language

    def language(self) -> str:
        return self._language

    def gettext(self, message: str) -> str:
        return bracketed(message.rpartition(trans_real.CONTEXT_SEPARATOR)[2])

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@contextmanager
def spoken() -> Iterator[None]:
    """In place of English, for the length of the block."""
    with pytest.MonkeyPatch.context() as patch:
        for language in (settings.LANGUAGE_CODE, *dict(settings.LANGUAGES)):
            patch.setitem(trans_real._translations, language, PseudoLocale(language))
        patch.setattr(trans_real, "_default", None)
        # It keeps what enumerations are called in a language, and this one has another's code.
        uncached = plumbing._load_enum_name_overrides.__wrapped__
        patch.setattr(plumbing, "_load_enum_name_overrides", uncached)
        trans_real.deactivate()
        yield
    # The last request has left the language behind.
    trans_real.deactivate()


def outside(text: str) -> Iterator[str]:
    """The runs of *text* that stand in no bracket and hold words."""
    depth, run = 0, ""
    for character in text + OPEN:
        if character == OPEN:
            if depth == 0:
                left = SAME_EVERYWHERE.sub("", run)
                if WORD.search(left):
                    yield " ".join(run.split())
                run = ""
            depth += 1
        elif character == CLOSE:
            depth = max(depth - 1, 0)
        elif depth == 0:
            run += character


class _Reader(HTMLParser):
    """What a person sees or hears of a page: its flow, and its attributes one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.flow: list[str] = []
        self.apart: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._unread += tag in UNREAD
        self.apart += [value for name, value in given.items() if name in READ_ATTRIBUTES]
        if tag == "meta" and (given.get("name") or given.get("property")) in READ_METAS:
            self.apart.append(given.get("content", ""))
        if tag == "input" and given.get("type") in {"submit", "button", "reset"}:
            self.apart.append(given.get("value", ""))
        self.flow.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in UNREAD

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.flow.append(data)


def untranslated_in_page(html: str) -> list[str]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [run for text in ("".join(reader.flow), *reader.apart) for run in outside(text)]


def sentences(value: Any) -> Iterator[str]:
    """Every text of a JSON answer; its keys are for programs."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from sentences(each)
    elif isinstance(value, list):
        for each in value:
            yield from sentences(each)
