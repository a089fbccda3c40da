"""OUT: everything we ask of Twilio, one function a remote call.

Each function may raise ``TwilioUnavailable`` (try again later; nothing is known about
whether a request that changes something took effect) or ``TwilioRefused`` (an answer, and
it is no). Error texts are redacted: Twilio quotes numbers in its messages.

``TWILIO_BASE_URL`` says which Twilio: the real one, or a switchboard that speaks its API.
"""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from django.db import connection
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from proxying.phone_numbers import PhoneNumber, redact

# https://www.twilio.com/docs/api/errors
NUMBER_NOT_FOR_SALE = frozenset({21421, 21422})
ALREADY_IN_THIS_SERVICE = 80104
SESSION_NAME_TAKEN = 80603
SESSION_ALREADY_CLOSED = frozenset({80607, 80608})
# Verify's limits for one phone: 429 like our own, but trying again does not help.
TOO_MANY_CHECKS = 60202
TOO_MANY_SENDS = frozenset({60203, 60207, 60212})
TOO_MANY_FOR_A_PHONE = TOO_MANY_SENDS | {TOO_MANY_CHECKS}
# Not a number, opted out, not reachable from ours, no mobile, a landline.
NO_TEXTS_TO_THIS_PHONE = frozenset({21211, 21610, 21612, 21614, 21635})
NOT_FOUND = 404
_LONGEST_RETRY_AFTER = 3600


class TwilioUnavailable(Exception):
    """Twilio is away, slow or busy (timeout, 408, 429, 5xx): worth another try.

    Not before *retry_after* seconds, where Twilio says how long it wants to be left alone.
    """

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TwilioRefused(Exception):
    """Twilio's answer is no. *code* is from its error dictionary, *status* is HTTP's."""

    def __init__(self, message: str, *, code: int | None, status: int) -> None:
        super().__init__(redact(f"{message} (Twilio error {code})"))
        self.code = code
        self.status = status


class HttpInsideTransaction(RuntimeError):
    """A request to Twilio while a transaction is open would hold its locks for seconds."""


@dataclass(frozen=True)
class OwnedNumber:
    """A number of our account, as the IncomingPhoneNumbers resource has it."""

    phone_number_sid: str
    friendly_name: str
    proxy_identifier: str


@dataclass(frozen=True)
class ServiceNumber:
    """A number of a Proxy Service. *in_use* counts the active Sessions that hold it."""

    phone_number_sid: str
    proxy_identifier: str
    is_reserved: bool
    in_use: int


@dataclass(frozen=True)
class ReceivedText:
    """A text to a number of ours, as the Message resource has it."""

    sender: str
    dialled: str
    body: str
    sent_at: datetime


@dataclass(frozen=True)
class SessionText:
    """A text in a Session. *inbound_resource_sid* is empty when it was sent by us."""

    inbound_resource_sid: str
    body: str


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


# Proxy: https://www.twilio.com/docs/proxy/api


def create_proxy_service(unique_name: str, urls: CallbackUrls, *, default_ttl: int) -> str:
    """The SID of a new Service."""
    with _translated_errors():
        service = _client().proxy.v1.services.create(
            unique_name=unique_name, default_ttl=default_ttl, **vars(urls)
        )
    return cast(str, service.sid)


def find_proxy_service(unique_name: str) -> str | None:
    """The SID of our account's Service of this name."""
    with _translated_errors():
        for service in _client().proxy.v1.services.stream():
            if service.unique_name == unique_name:
                return cast(str, service.sid)
    return None


def update_proxy_service(service_sid: str, urls: CallbackUrls, *, default_ttl: int) -> None:
    with _translated_errors():
        _client().proxy.v1.services(service_sid).update(default_ttl=default_ttl, **vars(urls))


def fetch_proxy_service(service_sid: str) -> ProxyServiceConfiguration | None:
    """How the Service is set up; None when Twilio says that there is none such."""
    with _none_if_not_found() as found:
        service = _client().proxy.v1.services(service_sid).fetch()
        urls = CallbackUrls(
            callback_url=service.callback_url or "",
            intercept_callback_url=service.intercept_callback_url or "",
            out_of_session_callback_url=service.out_of_session_callback_url or "",
        )
        found.append(ProxyServiceConfiguration(urls, service.default_ttl))
    return found[0] if found else None


def list_service_numbers(service_sid: str) -> list[ServiceNumber]:
    with _translated_errors():
        numbers = _client().proxy.v1.services(service_sid).phone_numbers.list(page_size=100)
    return [_service_number(number) for number in numbers]


def add_to_service(service_sid: str, phone_number_sid: str) -> None:
    """Puts a number of ours into the Service; already there is success."""
    with _translated_errors(also_fine=lambda error: error.code == ALREADY_IN_THIS_SERVICE):
        _client().proxy.v1.services(service_sid).phone_numbers.create(sid=phone_number_sid)


def mark_reserved(service_sid: str, phone_number_sid: str) -> ServiceNumber:
    """Takes the number out of Proxy's automatic choice."""
    with _translated_errors():
        number = (
            _client()
            .proxy.v1.services(service_sid)
            .phone_numbers(phone_number_sid)
            .update(is_reserved=True)
        )
    return _service_number(number)


def remove_from_service(service_sid: str, phone_number_sid: str) -> None:
    """Takes the number out of the Service; gone already is success."""
    with _translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        _client().proxy.v1.services(service_sid).phone_numbers(phone_number_sid).delete()


def find_session(service_sid: str, unique_name: str) -> str | None:
    """The SID of the Service's Session of this name."""
    with _translated_errors():
        # Fetching by name seems to work but is not documented, and a 404 must be certain here.
        for session in _client().proxy.v1.services(service_sid).sessions.stream(page_size=100):
            if session.unique_name == unique_name:
                return cast(str, session.sid)
    return None


def find_sessions(service_sid: str, unique_names: Collection[str]) -> dict[str, str]:
    """The SIDs of the Service's Sessions of these names, for those that there are."""
    found: dict[str, str] = {}
    with _translated_errors():
        for session in _client().proxy.v1.services(service_sid).sessions.stream(page_size=100):
            if session.unique_name in unique_names:
                found[session.unique_name] = session.sid
                if len(found) == len(unique_names):
                    break
    return found


def close_session(service_sid: str, session_sid: str) -> None:
    """Closes the Session; closed or gone already is success."""
    with _translated_errors(
        also_fine=lambda error: error.status == NOT_FOUND or error.code in SESSION_ALREADY_CLOSED
    ):
        _client().proxy.v1.services(service_sid).sessions(session_sid).update(status="closed")


def is_session_open(service_sid: str, session_sid: str) -> bool:
    try:
        with _translated_errors():
            session = _client().proxy.v1.services(service_sid).sessions(session_sid).fetch()
    except TwilioRefused as refusal:
        if refusal.status == NOT_FOUND:
            return False
        raise
    return session.status in {"open", "in-progress"}


def create_session(
    service_sid: str, unique_name: str, *, buyer: str, buyer_sees: str, seller: str
) -> str:
    """The SID of a Session of the two; of the one that has this name, if it was made before.

    The buyer sees *buyer_sees*; Proxy chooses what the seller sees.
    """
    participants = [{"Identifier": buyer, "ProxyIdentifier": buyer_sees}, {"Identifier": seller}]
    try:
        with _translated_errors():
            session = (
                _client()
                .proxy.v1.services(service_sid)
                .sessions.create(
                    unique_name=unique_name,
                    ttl=settings.PROXY_SESSION_TTL,
                    mode=settings.PROXY_SESSION_MODE,
                    participants=participants,
                )
            )
        return cast(str, session.sid)
    except TwilioRefused as refusal:
        made_before = refusal.code == SESSION_NAME_TAKEN and find_session(service_sid, unique_name)
        if not made_before:
            raise
        return made_before


def participants(service_sid: str, session_sid: str) -> dict[str, str]:
    """The SID of each who takes part in the Session, by phone number."""
    with _translated_errors():
        found = _client().proxy.v1.services(service_sid).sessions(session_sid).participants.list()
    return {one.identifier: one.sid for one in found if one.date_deleted is None}


def texts_in_session(service_sid: str, session_sid: str) -> list[SessionText]:
    with _translated_errors():
        found = (
            _client()
            .proxy.v1.services(service_sid)
            .sessions(session_sid)
            .interactions.list(page_size=100)
        )
    return [
        SessionText(one.inbound_resource_sid or "", _body(one.data))
        for one in found
        if str(one.type).lower() == "message"
    ]


def text_in_session(service_sid: str, session_sid: str, participant_sid: str, body: str) -> None:
    """Texts the participant from the number that they see. Sends each time it is called."""
    with _translated_errors():
        (
            _client()
            .proxy.v1.services(service_sid)
            .sessions(session_sid)
            .participants(participant_sid)
            .message_interactions.create(body=body)
        )


def _body(data: str | None) -> str:
    try:
        return str(json.loads(data or "")["body"])
    except (ValueError, TypeError, KeyError):
        return ""


# Numbers: https://www.twilio.com/docs/phone-numbers/api


def search_for_sale(country: str, *, area_code: str | None = None) -> list[str]:
    """Up to 20 local numbers that can text and talk and need no address, E.164."""
    with _translated_errors():
        numbers = (
            _client()
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
    with _translated_errors():
        number = _client().incoming_phone_numbers.create(
            phone_number=e164, friendly_name=friendly_name
        )
    return cast(str, number.sid)


def find_owned(e164: str) -> OwnedNumber | None:
    """The number, if our account has bought it."""
    with _translated_errors():
        for number in _client().incoming_phone_numbers.list(phone_number=e164, limit=20):
            # The filter also matches parts of numbers.
            if number.phone_number == e164:
                return _owned_number(number)
    return None


def list_owned() -> list[OwnedNumber]:
    """Every number of our account."""
    with _translated_errors():
        numbers = _client().incoming_phone_numbers.list(page_size=1000)
    return [_owned_number(number) for number in numbers]


def fetch_owned(phone_number_sid: str) -> OwnedNumber | None:
    """The number of this SID; None when Twilio says that our account has none such."""
    with _none_if_not_found() as found:
        number = _client().incoming_phone_numbers(phone_number_sid).fetch()
        found.append(_owned_number(number))
    return found[0] if found else None


def give_back(phone_number_sid: str) -> None:
    """Releases a bought number for good; gone already is success."""
    with _translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        _client().incoming_phone_numbers(phone_number_sid).delete()


# Verify: https://www.twilio.com/docs/verify/api


def send_code(phone_number: PhoneNumber) -> str:
    """Texts a code to the phone; again within ten minutes the same one. Its Verification's SID."""
    with _translated_errors():
        sent = _verify_service().verifications.create(to=phone_number.reveal(), channel="sms")
    return cast(str, sent.sid)


def is_code_right(verification_sid: str, code: str) -> bool:
    """Whether this is the code of exactly that Verification."""
    with _translated_errors():
        check = _verify_service().verification_checks.create(
            verification_sid=verification_sid, code=code
        )
    return cast(bool, check.status == "approved")


# Messages: https://www.twilio.com/docs/messaging/api/message-resource


def send_text(sender: str, to: PhoneNumber, body: str) -> str:
    """The SID of a text from *sender*, a number of ours. Sends again each time it is called."""
    with _translated_errors():
        message = _client().messages.create(from_=sender, to=to.reveal(), body=body)
    return cast(str, message.sid)


def find_texts(sender: str, to: PhoneNumber, body: str, *, since: datetime) -> list[str]:
    """The SIDs of such texts among the newest of this pair, made at *since* or later."""
    # Twilio's times have no fractions of a second.
    since = since.replace(microsecond=0)
    with _translated_errors():
        messages = _client().messages.list(from_=sender, to=to.reveal(), limit=20, page_size=20)
    return [
        message.sid
        for message in messages
        if message.body == body and message.date_created and message.date_created >= since
    ]


def find_received_text(message_sid: str) -> ReceivedText | None:
    """The text that somebody sent to a number of ours; None when Twilio has it no more."""
    try:
        with _translated_errors():
            message = _client().messages(message_sid).fetch()
    except TwilioRefused as refusal:
        if refusal.status == NOT_FOUND:
            return None
        raise
    return ReceivedText(message.from_, message.to, message.body or "", message.date_created)


# Lookup: https://www.twilio.com/docs/lookup/v2-api


def line_type(phone_number: PhoneNumber) -> str | None:
    """``mobile``, ``landline``, ``premium``, ...; ``unknown``; None when no such number is.

    https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence
    """
    with _translated_errors():
        found = (
            _client()
            .lookups.v2.phone_numbers(phone_number.reveal())
            .fetch(fields="line_type_intelligence")
        )
    if not found.valid:
        return None
    return cast(str, (found.line_type_intelligence or {}).get("type") or "unknown")


class _RebasingHttpClient(TwilioHttpClient):
    """twilio-python writes the real hosts into every address; this sends them elsewhere.

    Also what it reads out of answers, such as ``next_page_url``. Any host that is not a
    Twilio product is refused.
    """

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if connection.in_atomic_block and not _is_a_tests_own(connection.atomic_blocks[-1]):
            raise HttpInsideTransaction
        response = super().request(method, _rebased(url), *args, **kwargs)
        _check_is_an_answer(response)
        return response


def _check_is_an_answer(response: Response) -> None:
    """``TwilioUnavailable`` for what says only that Twilio cannot answer now."""
    status = response.status_code
    if status == HTTPStatus.NO_CONTENT:
        return
    said = _json_object(response)
    code = said.get("code") if said else None
    busy = status == HTTPStatus.TOO_MANY_REQUESTS and code not in TOO_MANY_FOR_A_PHONE
    if busy or status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TwilioUnavailable(
            f"Twilio answered {status} ({code})", retry_after=_retry_after(response)
        )
    if said is None:
        # Not Twilio's but some proxy's on the way, or cut off. A yes would trip twilio-python
        # up, and a no such as 404 would pass for one.
        raise TwilioUnavailable(f"what answered {status} is not Twilio")


def _json_object(response: Response) -> dict[str, Any] | None:
    try:
        said = json.loads(response.text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _retry_after(response: Response) -> int | None:
    """Seconds; a date is not read, for Twilio sends none."""
    asked = str((response.headers or {}).get("Retry-After", "")).strip()
    if not (asked.isascii() and asked.isdigit()):
        return None
    return min(int(asked[:9]), _LONGEST_RETRY_AFTER)


def _is_a_tests_own(atomic: Any) -> bool:
    # The transaction that a test case wraps around everything is not ours; Django's own
    # atomic(durable=True) makes the same exception.
    return bool(atomic._from_testcase)  # noqa: SLF001


def _rebased(url: str) -> str:
    parts = urlsplit(url)
    product, _, domain = (parts.hostname or "").partition(".")
    if domain == "twilio.com":
        template: str = settings.TWILIO_PRODUCT_BASE_URLS.get(product, settings.TWILIO_BASE_URL)
        base = urlsplit(template.format(product=product))
    else:
        own = (urlsplit(_rebased(f"https://{name}.twilio.com/")) for name in _PRODUCTS)
        if not any((parts.scheme, parts.netloc) == (o.scheme, o.netloc) for o in own):
            raise ValueError(f"not an address of Twilio's: {parts.hostname}")
        return url
    return urlunsplit(
        (base.scheme, base.netloc, base.path.rstrip("/") + parts.path, parts.query, "")
    )


_PRODUCTS = ("proxy", "api", "verify", "lookups")


def _client() -> Client:
    account_sid = settings.TWILIO_ACCOUNT_SID
    if settings.TWILIO_API_KEY_SID:
        username, password = settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET
    else:
        username, password = account_sid, next(iter(settings.TWILIO_AUTH_TOKENS), "")
    return Client(
        username,
        password,
        account_sid,
        http_client=_RebasingHttpClient(timeout=settings.TWILIO_TIMEOUT),
    )


def _verify_service() -> Any:
    return _client().verify.v2.services(settings.TWILIO_VERIFY_SERVICE_SID)


def _service_number(number: Any) -> ServiceNumber:
    return ServiceNumber(
        number.sid, number.phone_number, bool(number.is_reserved), number.in_use or 0
    )


def _owned_number(number: Any) -> OwnedNumber:
    return OwnedNumber(number.sid, number.friendly_name or "", number.phone_number)


@contextmanager
def _none_if_not_found() -> Iterator[list[Any]]:
    """A list for the one thing that is fetched; it stays empty if Twilio does not know it."""
    with _translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        yield []


@contextmanager
def _translated_errors(
    *, also_fine: Callable[[TwilioRefused], bool] = lambda error: False
) -> Iterator[None]:
    """Twilio's and requests' exceptions as our two. Theirs quote numbers: they go no further."""
    try:
        yield
    except requests.RequestException as error:
        raise TwilioUnavailable(f"no answer from Twilio ({type(error).__name__})") from None
    except TwilioException as error:
        status, code, message = _facts(error)
        refused = TwilioRefused(message, code=code, status=status)
        if not also_fine(refused):
            raise refused from None


def _facts(error: TwilioException) -> tuple[int, int | None, str]:
    match error:
        case TwilioRestException():
            return error.status, error.code, error.msg
        case TwilioServiceException():
            return error.status, error.code, error.detail or error.title
        case TwilioException(args=(str(message), response)) if hasattr(response, "status_code"):
            # A list that fails raises the bare class, with the response beside the text.
            return response.status_code, None, message
        case _:
            return NOT_FOUND, None, str(error)
