"""Proxy Services and their numbers: https://www.twilio.com/docs/proxy/api/service"""

from dataclasses import dataclass
from typing import Any, cast

from proxying.twilio_client.errors import ALREADY_IN_THIS_SERVICE, NOT_FOUND
from proxying.twilio_client.wire import client, none_if_not_found, translated_errors


@dataclass(frozen=True)
class ServiceNumber:
    """A number of a Proxy Service. *in_use* counts the active Sessions that hold it."""

    phone_number_sid: str
    proxy_identifier: str
    is_reserved: bool
    in_use: int


@dataclass(frozen=True)
class CallbackUrls:
    """The three addresses that a Proxy Service calls."""

    callback_url: str
    intercept_callback_url: str
    out_of_session_callback_url: str


@dataclass(frozen=True)
class ProxyServiceConfiguration:
    """What of a Proxy Service is ours to set. The time to live is in seconds."""

    urls: CallbackUrls
    default_ttl: int


def create_proxy_service(unique_name: str, urls: CallbackUrls, *, default_ttl: int) -> str:
    """The SID of a new Service."""
    with translated_errors():
        service = client().proxy.v1.services.create(
            unique_name=unique_name, default_ttl=default_ttl, **vars(urls)
        )
    return cast(str, service.sid)


def find_proxy_service(unique_name: str) -> str | None:
    """The SID of our account's Service of this name."""
    with translated_errors():
        for service in client().proxy.v1.services.stream():
            if service.unique_name == unique_name:
                return cast(str, service.sid)
    return None


def update_proxy_service(service_sid: str, urls: CallbackUrls, *, default_ttl: int) -> None:
    with translated_errors():
        client().proxy.v1.services(service_sid).update(default_ttl=default_ttl, **vars(urls))


def fetch_proxy_service(service_sid: str) -> ProxyServiceConfiguration | None:
    """How the Service is set up; None when Twilio says that there is none such."""
    with none_if_not_found() as found:
        service = client().proxy.v1.services(service_sid).fetch()
        urls = CallbackUrls(
            callback_url=service.callback_url or "",
            intercept_callback_url=service.intercept_callback_url or "",
            out_of_session_callback_url=service.out_of_session_callback_url or "",
        )
        found.append(ProxyServiceConfiguration(urls, service.default_ttl))
    return found[0] if found else None


def list_service_numbers(service_sid: str) -> list[ServiceNumber]:
    with translated_errors():
        numbers = client().proxy.v1.services(service_sid).phone_numbers.list(page_size=100)
    return [_service_number(number) for number in numbers]


def put_into_service(
    service_sid: str, phone_number_sid: str, *, is_reserved: bool
) -> ServiceNumber:
    """A number of ours, into the Service; *is_reserved* keeps it out of Proxy's own choice.

    From the first moment, if it comes anew. One that is there already may be in use.
    """
    numbers = client().proxy.v1.services(service_sid).phone_numbers
    with translated_errors(also_fine=lambda error: error.code == ALREADY_IN_THIS_SERVICE):
        return _service_number(numbers.create(sid=phone_number_sid, is_reserved=is_reserved))
    with translated_errors():
        return _service_number(numbers(phone_number_sid).update(is_reserved=is_reserved))


def remove_from_service(service_sid: str, phone_number_sid: str) -> None:
    """Takes the number out of the Service; gone already is success."""
    with translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        client().proxy.v1.services(service_sid).phone_numbers(phone_number_sid).delete()


def _service_number(number: Any) -> ServiceNumber:
    return ServiceNumber(
        number.sid, number.phone_number, bool(number.is_reserved), number.in_use or 0
    )
