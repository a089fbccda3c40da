"""The POSTs that Twilio makes to its customers: form fields, signed, with little patience.

Time limits and what a failure means: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urldefrag

import requests
from django.conf import settings
from django.utils import timezone

from proxying.switchboard.faults.plan import Delivery
from proxying.switchboard.models import HeldWebhook

CONNECT_SECONDS: Final = 5
TOTAL_SECONDS: Final = 15
MAX_ANSWER_BYTES: Final = 64 * 1024

CONNECTION_FAILED: Final = 11205
RETRIEVAL_FAILED: Final = 11200


@dataclass(frozen=True)
class Answer:
    """What the other side said."""

    status: int
    content_type: str  # lower case, without parameters
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 (HTTP's own border)


class NoAnswer(Exception):
    """Nobody answered, or not in time. ``code`` is Twilio's error number for it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def signature(url: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature of a form POST, under the newest auth token.

    https://www.twilio.com/docs/usage/security#validating-requests
    """
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(settings.TWILIO_AUTH_TOKENS[0].encode(), signed.encode(), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


def post(url: str, fields: Mapping[str, str]) -> Answer:
    """``send``, and whatever the faults in force make of it: later, or more than once.

    The last answer counts, as when an earlier one was lost on its way.
    """
    return _send_each(url, fields, Delivery.of(url).delays)


def tell(url: str, fields: Mapping[str, str]) -> Answer | None:
    """``post``, of what can be told later. None when the faults in force keep it until then."""
    delivery = Delivery.of(url)
    if delivery.is_at_once:
        return _send_each(url, fields, delivery.delays)
    now = timezone.now()
    HeldWebhook.objects.bulk_create(
        HeldWebhook(url=url, fields=dict(fields), due_at=now + delay) for delay in delivery.delays
    )
    return None


def _send_each(url: str, fields: Mapping[str, str], delays: Sequence[timedelta]) -> Answer:
    *earlier, last = delays
    for delay in earlier:
        time.sleep(delay.total_seconds())
        with suppress(NoAnswer):
            send(url, fields)
    time.sleep(last.total_seconds())
    return send(url, fields)


def send(url: str, fields: Mapping[str, str]) -> Answer:
    """POST *fields* to *url* and wait for the answer; ``NoAnswer`` when there is none.

    Redirects are not followed: they would turn the POST into a GET without its fields.
    Call it outside any transaction; the receiver may write to this same database.
    """
    url = urldefrag(url).url
    deadline = time.monotonic() + TOTAL_SECONDS
    try:
        with requests.post(
            url,
            data=dict(fields),
            headers={
                "X-Twilio-Signature": signature(url, fields),
                "User-Agent": "TwilioProxy/1.1",
                "Accept": "*/*",
            },
            timeout=(CONNECT_SECONDS, TOTAL_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            return Answer(
                response.status_code,
                response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
                _read(response, deadline),
            )
    except requests.Timeout as error:
        raise NoAnswer(RETRIEVAL_FAILED, "no answer in time") from error
    except requests.RequestException as error:
        raise NoAnswer(CONNECTION_FAILED, f"no connection: {type(error).__name__}") from error


def _read(response: requests.Response, deadline: float) -> bytes:
    """The body. requests limits the wait for each piece, this the wait for all of them.

    Byte by byte: a larger piece is waited for until it is full, however slowly it drips.
    """
    body = bytearray()
    for piece in response.iter_content(1):
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise NoAnswer(RETRIEVAL_FAILED, "the answer is longer than 64 kB")
        if time.monotonic() > deadline:
            raise NoAnswer(RETRIEVAL_FAILED, "no answer in time")
    return bytes(body)
