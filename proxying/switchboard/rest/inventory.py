"""Numbers for sale: made up, but always the same ones, less those somebody has.

Area code 533 has none and +1 500 555 0000 belongs to somebody else, as with Twilio's test
credentials: https://www.twilio.com/docs/iam/test-credentials
"""

import hashlib
import re
from collections.abc import Collection, Iterator
from itertools import batched, chain, islice
from typing import Final

from proxying.switchboard import numbering
from proxying.switchboard.models import IncomingPhoneNumber, Phone

COUNTRY: Final = "US"
SOLD_OUT: Final = "533"
TAKEN: Final = "+15005550000"
ANY_AREA_CODES: Final = ("415", "209", "212", "312", "512", "206")
FOR_SALE_AN_AREA_CODE: Final = 400
_A_SHELF: Final = 50

_AREA_CODE = re.compile(r"[2-9][0-9]{2}")


def for_sale(*, area_code: str | None = None, contains: str | None = None) -> Iterator[str]:
    """E.164 numbers of the area code, or of several; none for one that does not exist.

    *contains* is digits, with ``*`` for any single one; one that spells a whole number
    offers just that number.
    """
    area_codes = (area_code,) if area_code else ANY_AREA_CODES
    candidates: Iterator[str] = chain.from_iterable(_made_up(code) for code in area_codes)
    if contains:
        pattern = re.compile(re.escape(contains.removeprefix("+")).replace(r"\*", "[0-9]"))
        national = contains.removeprefix("+1")
        if area_code is None and len(national) == len("4155550100"):
            candidates = _filled_in(national)
        candidates = (number for number in candidates if pattern.search(number))
    for some in batched(candidates, _A_SHELF):
        had = _had_among(some)
        yield from (number for number in some if number not in had)


def is_for_sale(e164: str) -> bool:
    """Nobody has it: not this account, no phone of the carrier, and not the other account."""
    return e164 not in _had_among([e164])


def _had_among(numbers: Collection[str]) -> set[str]:
    owned = IncomingPhoneNumber.objects.filter(phone_number__in=numbers)
    phones = Phone.objects.filter(number__in=numbers)
    return {
        TAKEN,
        *(number for number in numbers if numbering.area_code(number) == SOLD_OUT),
        *owned.values_list("phone_number", flat=True),
        *phones.values_list("number", flat=True),
    }


def _made_up(area_code: str) -> Iterator[str]:
    if area_code == SOLD_OUT or not _AREA_CODE.fullmatch(area_code):
        return
    for place in range(FOR_SALE_AN_AREA_CODE):
        digest = hashlib.sha256(f"{area_code}/{place}".encode()).digest()
        seed = int.from_bytes(digest[:8])
        exchange = 200 + seed % 800
        # 555 is for films, and N11 are services.
        if exchange != 555 and exchange % 100 != 11:  # noqa: PLR2004
            yield f"+1{area_code}{exchange}{seed // 800 % 10_000:04}"


def _filled_in(pattern: str) -> Iterator[str]:
    """The numbers that ``415555**00`` stands for, at most a hundred."""
    gaps = pattern.count("*")
    for filling in range(10 ** min(gaps, 2)):
        digits = iter(f"{filling:0{max(gaps, 1)}}")
        number = "+1" + "".join(next(digits) if sign == "*" else sign for sign in pattern)
        if numbering.is_e164(number):
            yield number


def first_for_sale(area_code: str) -> str | None:
    return next(islice(for_sale(area_code=area_code), 1), None)
