"""Finds planted values in bytes, in whatever dress a value may have got out."""

import base64
import gzip
import hashlib
import html
import json
import quopri
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

# A word of base64, such as a digest.
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}")
# How gzip and zlib begin in base64, as sessions and messages are kept.
_PACKED: Final = re.compile(rb"(?:H4sI|eJ|eA|eF|eN)[A-Za-z0-9+/_-]{12,}={0,2}")
# What PostgreSQL writes for bytes.
_HEX: Final = re.compile(rb"\\x((?:[0-9a-f]{2}){6,})")
# A whole one or how it begins; a key in base64 may begin with its first signs.
_NUMBER: Final = re.compile(r"\+1[0-9]{6,10}")
_DIGEST: Final = re.compile(rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{32,128}(?![0-9A-Fa-f])")
_GZIP: Final = b"\x1f\x8b\x08"
_ZLIB: Final = tuple(b"\x78" + level for level in (b"\x01", b"\x5e", b"\x9c", b"\xda"))
_MOST_INFLATED: Final = 4_000_000
_DEEPEST: Final = 3


@dataclass(frozen=True)
class Canary:
    """A *value* that must not get out; *kind* names it in the table of exceptions."""

    kind: str
    value: str

    @property
    def is_a_number(self) -> bool:
        return _NUMBER.fullmatch(self.value) is not None

    def forms(self) -> set[str]:
        """As people and programs write it: for a number with and without what leads."""
        if self.kind == "code":
            # Six digits stand in every other time of day: only as a value of their own, also
            # in a column or a sentence.
            it = self.value
            return {
                *(f"'{it}'", f'"{it}"', f"={it}", f">{it}<", f"\t{it}\t", f"\t{it}\n"),
                *(f" {it}.", f" {it} ", f": {it}"),
            }
        if not self.is_a_number:
            return {self.value}
        area, exchange, line = self.value[2:5], self.value[5:8], self.value[8:]
        joined = {sign.join((area, exchange, line)) for sign in ("-", ".", " ", "_", "\u00a0")}
        return {f"{area}{exchange}{line}", f"({area}) {exchange}-{line}", *joined}

    def wholes(self) -> set[str]:
        """What somebody would digest, or write down as an integer.

        What nobody can guess may lie about digested.
        """
        if self.kind in {"API token", "session key"}:
            return set()
        return {self.value, self.value[1:], self.value[2:]} if self.is_a_number else {self.value}


type _Encoding = Callable[[str], bytes]

# As one would write a value out, a whole one: what is planted, each to be found.
ENCODINGS: Final[dict[str, _Encoding]] = {
    "as it is": lambda value: value.encode(),
    "without its first sign": lambda value: value[1:].encode(),
    "national": lambda value: value[2:].encode(),
    "with dashes": lambda value: f"{value[2:5]}-{value[5:8]}-{value[8:]}".encode(),
    "with dots": lambda value: f"{value[2:5]}.{value[5:8]}.{value[8:]}".encode(),
    "with spaces": lambda value: f"+1 {value[2:5]} {value[5:8]} {value[8:]}".encode(),
    "with parentheses": lambda value: f"({value[2:5]}) {value[5:8]}-{value[8:]}".encode(),
    "in a URL": lambda value: value.replace("+", "%2B").encode(),
    "percent throughout": lambda value: "".join(f"%{ord(sign):02X}" for sign in value).encode(),
    "in HTML": lambda value: value.replace("+", "&#x2B;").encode(),
    "HTML throughout": lambda value: "".join(f"&#{ord(sign)};" for sign in value).encode(),
    "in JSON": lambda value: value.replace("+", "\\u002b").encode(),
    "escaped throughout": lambda value: "".join(f"\\u{ord(sign):04x}" for sign in value).encode(),
    "base64": lambda value: base64.b64encode(value.encode()),
    "base64, one off": lambda value: base64.b64encode(b"x" + value.encode()),
    "base64, two off": lambda value: base64.b64encode(b"xy" + value.encode()),
    "hex": lambda value: value.encode().hex().encode(),
    "backwards": lambda value: value[::-1].encode(),
    "bytes, escaped": lambda value: "".join(f"\\x{ord(sign):02x}" for sign in value).encode(),
    "UTF-16": lambda value: value.encode("utf-16-le"),
    "UTF-16, the other way": lambda value: value.encode("utf-16-be"),
    "quoted-printable": lambda value: "".join(f"={ord(sign):02X}" for sign in value).encode(),
    "gzip": lambda value: gzip.compress(b"caller=" + value.encode()),
    "zlib in base64": lambda value: base64.urlsafe_b64encode(zlib.compress(value.encode() * 3)),
    "SHA-256": lambda value: hashlib.sha256(value.encode()).hexdigest().encode(),
    "SHA-256 of the digits": lambda value: hashlib.sha256(value[1:].encode()).hexdigest().encode(),
    "SHA-1": lambda value: hashlib.sha1(value.encode()).hexdigest().encode(),
    "MD5": lambda value: hashlib.md5(value.encode()).hexdigest().encode(),
    "MD5 in base64": lambda value: base64.b64encode(hashlib.md5(value.encode()).digest()),
    "eight bytes": lambda value: int(value[1:]).to_bytes(8, "big"),
}
_DIGESTS: Final = (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.sha512)
_ALL_SIGNS: Final[tuple[Callable[[str], str], ...]] = (
    lambda text: text[::-1],
    lambda text: "".join(f"%{ord(sign):02X}" for sign in text),
    lambda text: "".join(f"&#{ord(sign)};" for sign in text),
    lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    lambda text: "".join(f"\\x{ord(sign):02x}" for sign in text),
    lambda text: "".join(f"={ord(sign):02X}" for sign in text),
    html.escape,
    lambda text: json.dumps(text)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: quopri.encodestring(text.encode()).decode(),
)


class Scanner:
    """Looks for many canaries at once. Each is found in any encoding, also packed in another.

    All numbers begin with *area*, seven digits: where no encoding of that is, none of them is.
    """

    def __init__(self, area: str, canaries: Iterable[Canary] = ()) -> None:
        self._stems = {
            needle
            for form in Canary("area", f"+1{area}").forms()
            for needle in _dressed(form.rstrip("-. _\u00a0"))
        }
        self._dressed: dict[bytes, Canary] = {}
        self._needles: dict[bytes, Canary] = {}
        self._digests: dict[bytes, Canary] = {}
        # Of each code its digits, and those with what is around them.
        self._codes: dict[Canary, tuple[set[bytes], set[bytes]]] = {}
        for canary in canaries:
            self.add(canary)

    def add(self, canary: Canary) -> None:
        dressed = {needle for form in canary.forms() for needle in _dressed(form)}
        if canary.kind == "code":
            self._codes[canary] = (set(_dressed(canary.value)), dressed)
        else:
            by_stem = self._dressed if canary.is_a_number else self._needles
            by_stem.update(dict.fromkeys(dressed, canary))
        self._needles.update(dict.fromkeys(_as_bytes(canary), canary))
        self._digests.update(dict.fromkeys(_digests(canary), canary))

    def found(self, haystack: bytes, *, has_words: bool = True) -> set[Canary]:
        """*has_words*: what stands in it is set apart, as in a text."""
        hits: set[Canary] = set()
        if not has_words:
            hits |= {canary for digest, canary in self._digests.items() if digest in haystack}
        for blob in (haystack, *_unpacked(haystack, _DEEPEST)):
            hits |= {canary for needle, canary in self._needles.items() if needle in blob}
            hits |= {self._digests[word] for word in _words(blob) if word in self._digests}
            if any(stem in blob for stem in self._stems):
                hits |= {canary for needle, canary in self._dressed.items() if needle in blob}
            for code, (digits, dressed) in self._codes.items():
                if any(stem in blob for stem in digits) and any(one in blob for one in dressed):
                    hits.add(code)
        return hits

    def around(self, haystack: bytes, canary: Canary) -> str:
        """Where it stands, for whoever has to mend it."""
        known = self._dressed | self._needles | self._digests
        own = {needle for needle, whose in known.items() if whose == canary}
        for needle in own | self._codes.get(canary, (set(), set()))[1]:
            if (at := haystack.find(needle)) >= 0:
                return repr(haystack[max(0, at - 90) : at + 60])
        return "packed"


def _dressed(form: str) -> Iterator[bytes]:
    """*form* in the encodings that keep the order of its signs, or turn it."""
    plain = form.encode()
    yield plain
    yield from (text(form).encode() for text in _ALL_SIGNS)
    yield from (plain.hex().encode(), plain.hex().upper().encode())
    yield from (form.encode("utf-16-le"), form.encode("utf-16-be"))
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + plain)
        # The first signs mix with what is before, the last with what follows.
        first, last = (before * 8 + 5) // 6, (before + len(plain)) * 8 // 6
        yield encoded[first:last]
        yield encoded[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def _as_bytes(canary: Canary) -> Iterator[bytes]:
    for whole in canary.wholes():
        yield hashlib.sha256(whole.encode()).digest()
        yield hashlib.md5(whole.encode()).digest()
        if canary.is_a_number and whole.isdigit():
            yield from (int(whole).to_bytes(8, "big"), int(whole).to_bytes(8, "little"))


def _digests(canary: Canary) -> Iterator[bytes]:
    for whole in canary.wholes():
        for digest in _DIGESTS:
            raw = digest(whole.encode()).digest()
            yield from (raw.hex().encode(), base64.b64encode(raw).rstrip(b"="))
            yield base64.urlsafe_b64encode(raw).rstrip(b"=")


def _words(blob: bytes) -> Iterator[bytes]:
    for match in _BASE64.finditer(blob):
        yield match[0].rstrip(b"=")
    for match in _DIGEST.finditer(blob):
        yield match[0].lower()


def _unpacked(blob: bytes, deep: int) -> Iterator[bytes]:
    """What lies in *blob* compressed, or compressed and in base64, or in PostgreSQL's hex."""
    inner = [*_inflated(blob)]
    inner += [bytes.fromhex(match[1].decode()) for match in _HEX.finditer(blob)]
    for match in _PACKED.finditer(blob):
        raw = _decoded(match[0])
        if raw.startswith((_GZIP, *_ZLIB)):
            inner.append(raw)
    for one in inner:
        yield one
        if deep > 1:
            yield from _unpacked(one, deep - 1)


def _inflated(blob: bytes) -> Iterator[bytes]:
    starts = {match.start() for match in re.finditer(re.escape(_GZIP), blob)}
    if blob.startswith(_ZLIB):
        starts.add(0)
    for start in starts:
        with suppress(zlib.error):
            yield zlib.decompressobj(wbits=47).decompress(blob[start:], _MOST_INFLATED)


def _decoded(text: bytes) -> bytes:
    plain = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    with suppress(ValueError):
        return base64.b64decode(plain + b"=" * (-len(plain) % 4))
    return b""
