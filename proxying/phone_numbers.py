"""Phone numbers: E.164 in, words for people out, and nothing of a private one in a log.

E.164 is the ITU's form: ``+``, country code, subscriber, at most 15 digits, no spaces.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn, Self

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

# What could be a number, as people and as URLs write it. Rather a timestamp too many
# redacted than a number too few.
_IN_TEXT: Final = re.compile(
    r"(?:\+|%(?:25)*2[Bb])[0-9](?:[ ().-]{0,2}[0-9]){6,14}"
    r"|(?<![0-9A-Za-z.-])1?[ .-]?\(?[0-9]{3}\)?[ .-]{0,2}[0-9]{3}[ .-]?[0-9]{4}(?![0-9A-Za-z])"
)

# Calls to these cost whoever pays for the call more than a call, or reach nobody's own phone.
_NOT_A_PERSONS: Final = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.PAGER,
    }
)


class PhoneNumber:
    """A person's own number. Prints as its last two digits; only ``reveal`` gives it away."""

    __slots__ = ("_e164",)

    def __init__(self, e164: str) -> None:
        """``ValueError`` unless *e164* is E.164; the message does not repeat it."""
        if not E164.fullmatch(e164):
            raise ValueError("not an E.164 phone number")
        self._e164 = e164

    @classmethod
    def parse(cls, typed: str, country: str) -> Self:
        """What a person typed, as a number; *country* (ISO 3166-1) when no ``+`` leads.

        ``ValueError`` when it cannot be a number.
        """
        try:
            parsed = phonenumbers.parse(typed, country)
        except phonenumbers.NumberParseException:
            raise ValueError("not a phone number") from None
        # Stricter than is_possible_number, which also takes a number without its area code.
        possible = phonenumbers.is_possible_number_with_reason(parsed)
        if parsed.extension or possible != ValidationResult.IS_POSSIBLE:
            raise ValueError("not a phone number")
        return cls(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))

    def reveal(self) -> str:
        """The number itself, E.164: for Twilio and for its owner, never for a log or page."""
        return self._e164

    @property
    def country(self) -> str | None:
        """ISO 3166-1 code, or None where the plan does not tell."""
        parsed = phonenumbers.parse(self._e164)
        return phonenumbers.region_code_for_number(parsed) or (
            phonenumbers.region_code_for_country_code(parsed.country_code or 0)
        )

    @property
    def is_a_persons(self) -> bool:
        """False for premium-rate, shared-cost, toll-free and service numbers."""
        return phonenumbers.number_type(phonenumbers.parse(self._e164)) not in _NOT_A_PERSONS

    def __reduce__(self) -> NoReturn:
        raise TypeError("a pickle would show the number")

    def __str__(self) -> str:
        return f"••• {self._e164[-2:]}"

    def __repr__(self) -> str:
        return f"<PhoneNumber {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PhoneNumber) and other._e164 == self._e164

    def __hash__(self) -> int:
        return hash(self._e164)


def area_code(e164: str) -> str | None:
    """The three-digit area code of a North American number, else None."""
    return e164[2:5] if e164.startswith("+1") and len(e164) == len("+14155550100") else None


def display(e164: str) -> str:
    """A *public* number for people: ``+1 415-111-1111``, grouped as its country does."""
    parsed = phonenumbers.parse(e164)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def redact(text: str) -> str:
    """*text* with whatever looks like a phone number cut down to its last two digits."""
    return _IN_TEXT.sub(lambda match: f"•••{match[0][-2:]}", text)


def redact_event(logger: Any, method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A structlog processor: ``redact`` on every text in the event, however deep."""
    return {key: _redacted(value) for key, value in event.items()}


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {_redacted(key): _redacted(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return type(value)(_redacted(inner) for inner in value)
        case bool() | int() | float() | None:
            return value
        case _:
            # Objects are printed by the renderer, out of our reach: print them here.
            return redact(str(value))
