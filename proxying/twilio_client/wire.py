"""The one client, its requests and its errors: where they go, and what they become here."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
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

from proxying.twilio_client.errors import (
    NOT_FOUND,
    TOO_MANY_FOR_A_PHONE,
    HttpInsideTransaction,
    TwilioRefused,
    TwilioUnavailable,
)

_PRODUCTS = ("proxy", "api", "verify", "lookups")
_LONGEST_RETRY_AFTER = 3600


def client() -> Client:
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


@contextmanager
def translated_errors(
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


@contextmanager
def none_if_not_found() -> Iterator[list[Any]]:
    """A list for the one thing that is fetched; it stays empty if Twilio does not know it."""
    with translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        yield []


class _RebasingHttpClient(TwilioHttpClient):
    """twilio-python writes the real hosts into every address; this sends them elsewhere.

    Also what it reads out of answers, such as ``next_page_url``. Any host that is not a
    Twilio product is refused.
    """

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if connection.in_atomic_block and not _is_a_tests_own(connection.atomic_blocks[-1]):
            raise HttpInsideTransaction
        response = super().request(method, rebased(url), *args, **kwargs)
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


def rebased(url: str) -> str:
    parts = urlsplit(url)
    product, _, domain = (parts.hostname or "").partition(".")
    if domain == "twilio.com":
        template: str = settings.TWILIO_PRODUCT_BASE_URLS.get(product, settings.TWILIO_BASE_URL)
        base = urlsplit(template.format(product=product))
    else:
        own = (urlsplit(rebased(f"https://{name}.twilio.com/")) for name in _PRODUCTS)
        if not any((parts.scheme, parts.netloc) == (o.scheme, o.netloc) for o in own):
            raise ValueError(f"not an address of Twilio's: {parts.hostname}")
        return url
    return urlunsplit(
        (base.scheme, base.netloc, base.path.rstrip("/") + parts.path, parts.query, "")
    )


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
