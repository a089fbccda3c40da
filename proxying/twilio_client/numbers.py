"""Numbers for sale and our own: https://www.twilio.com/docs/phone-numbers/api"""

from dataclasses import dataclass
from typing import Any, cast

from proxying.twilio_client.errors import NOT_FOUND
from proxying.twilio_client.wire import client, none_if_not_found, translated_errors


@dataclass(frozen=True)
class OwnedNumber:
    """A number of our account, as the IncomingPhoneNumbers resource has it."""

    phone_number_sid: str
    friendly_name: str
    proxy_identifier: str


def search_for_sale(country: str, *, area_code: str | None = None) -> list[str]:
    """Up to 20 local numbers that can text and talk and need no address, E.164."""
    with translated_errors():
        numbers = (
            client()
            .available_phone_numbers(country)
            .local.list(
                **({"area_code": int(area_code)} if area_code else {}),
                sms_enabled=True,
                voice_enabled=True,
                exclude_all_address_required=True,
                limit=20,
            )
        )
    return [number.phone_number for number in numbers]


def buy(e164: str, *, friendly_name: str) -> str:
    """Buys exactly this number; its SID. Costs money each time it succeeds."""
    with translated_errors():
        number = client().incoming_phone_numbers.create(
            phone_number=e164, friendly_name=friendly_name
        )
    return cast(str, number.sid)


def find_owned(e164: str) -> OwnedNumber | None:
    """The number, if our account has bought it."""
    with translated_errors():
        for number in client().incoming_phone_numbers.list(phone_number=e164, limit=20):
            # The filter also matches parts of numbers.
            if number.phone_number == e164:
                return _owned_number(number)
    return None


def list_owned() -> list[OwnedNumber]:
    """Every number of our account."""
    with translated_errors():
        numbers = client().incoming_phone_numbers.list(page_size=1000)
    return [_owned_number(number) for number in numbers]


def fetch_owned(phone_number_sid: str) -> OwnedNumber | None:
    """The number of this SID; None when Twilio says that our account has none such."""
    with none_if_not_found() as found:
        number = client().incoming_phone_numbers(phone_number_sid).fetch()
        found.append(_owned_number(number))
    return found[0] if found else None


def give_back(phone_number_sid: str) -> None:
    """Releases a bought number for good; gone already is success."""
    with translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        client().incoming_phone_numbers(phone_number_sid).delete()


def _owned_number(number: Any) -> OwnedNumber:
    return OwnedNumber(number.sid, number.friendly_name or "", number.phone_number)
