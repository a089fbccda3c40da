"""The numbering plan: which strings are numbers, where they are, what kind of line they are."""

import re
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

# Lookup's names for what libphonenumber calls the kind of a line.
# https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence
_LINE_TYPES: Final = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "sharedCost",
    PhoneNumberType.TOLL_FREE: "tollFree",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
    PhoneNumberType.VOIP: "nonFixedVoip",
}


def is_e164(text: str) -> bool:
    return E164.fullmatch(text) is not None


def mask(text: str) -> str:
    """*text* with each number in it cut down to its last two digits: ``•••55``."""
    return E164.sub(lambda found: f"•••{found[0][-2:]}", text)


def area_code(e164: str) -> str | None:
    """The three-digit area code of a North American number, else None."""
    return e164[2:5] if e164.startswith("+1") and len(e164) == len("+14155550100") else None


def country(e164: str) -> str | None:
    """ISO 3166-1 code of the country whose plan the number is in; None outside every plan.

    The numbers the documentation's examples use (+1 415-111-1111) lie outside the
    assigned ranges, so this asks the country code where the range does not tell.
    """
    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return None
    exact = phonenumbers.region_code_for_number(parsed)
    if exact or parsed.country_code is None:
        return exact
    region = phonenumbers.region_code_for_country_code(parsed.country_code)
    return None if region in {"ZZ", "001"} else region


def national_format(e164: str) -> str:
    """``(415) 111-1111``: how people of that country write it."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.NATIONAL)


def display(number: str) -> str:
    """``+1 415-111-1111`` for an E.164 number; anything else (a sender's name) as it is."""
    if not is_e164(number):
        return number
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def line_type(e164: str) -> str:
    """One of Lookup's line types; ``unknown`` where the plan does not tell."""
    return _LINE_TYPES.get(phonenumbers.number_type(phonenumbers.parse(e164)), "unknown")


def parse(typed: str) -> str:
    """What a person typed on a North American phone, as E.164; ``ValueError`` if it is none."""
    digits = re.sub(r"[\s().\-\u2010-\u2015]", "", typed)
    if re.fullmatch(r"[2-9][0-9]{9}", digits):
        digits = f"+1{digits}"
    elif re.fullmatch(r"1[2-9][0-9]{9}", digits):
        digits = f"+{digits}"
    if not is_e164(digits):
        raise ValueError("not a phone number")
    return digits
