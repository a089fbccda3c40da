"""IN: what proves that a callback came from Twilio, before anything is read or stored.

https://www.twilio.com/docs/usage/webhooks/webhooks-security

The signature is an HMAC over the address and all names and values strung together, with
nothing between them. Bytes can therefore be moved between neighbours, or two fields merged
into one, and it still fits. What closes the gap is form: every field that we read must be
there exactly once and match its pattern to the end. A number can then be neither shortened
(a name does not begin with a digit) nor lengthened (no letter belongs to it), and a SID
has one length. A field that we do not read may be anything.
"""

import base64
import hmac
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final
from urllib.parse import parse_qsl

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from proxying.phone_numbers import E164

logger = structlog.get_logger(__name__)

MOST_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 200

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/]{27}=")
_WORD: Final = re.compile(r"[A-Za-z-]{0,32}")
_LENGTH: Final = re.compile(r"[0-9]{1,9}")

type Fields = Mapping[str, str]
type Callback = Callable[[HttpRequest, Fields], HttpResponse]


def _sid(prefix: str) -> re.Pattern[str]:
    return re.compile(rf"{prefix}[0-9a-fA-F]{{32}}")


# Every field that any callback reads, in full.
PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    "AccountSid": _sid("AC"),
    "CallSid": _sid("CA"),
    "MessageSid": _sid("(?:SM|MM)"),
    # A number, or what is none and connects nobody: a short code, a name, a SIP address.
    "From": re.compile(r"(?:\+[0-9]{1,15}|[^+\x00].{0,254})?"),
    "To": E164,
    # Read only where it is a number: a call must not be lost for what else may stand here.
    "ForwardedFrom": re.compile(r"(?:\+[0-9]{1,15}|[^+\x00].{0,254})?"),
    "inboundParticipantIdentifier": E164,
    "inboundParticipantProxyIdentifier": E164,
    "outboundParticipantIdentifier": E164,
    "outboundParticipantProxyIdentifier": E164,
    "sessionUniqueName": re.compile(r"[A-Za-z0-9_.-]{0,191}"),
    "interactionAccountSid": _sid("AC"),
    "interactionServiceSid": _sid("KS"),
    "interactionSessionSid": _sid("KC"),
    "interactionSid": _sid("KI"),
    "interactionType": _WORD,
    "inboundResourceSid": re.compile(r"(?:(?:CA|SM|MM)[0-9a-fA-F]{32})?"),
    "inboundResourceStatus": _WORD,
    "outboundResourceStatus": _WORD,
}


class NotFromTwilio(Exception):
    """The request proves nothing. The text is for our log, not for whoever sent it."""


def twilio_callback(
    *, account: str, required: tuple[str, ...], one_of: tuple[str, ...] = ()
) -> Callable[[Callback], Callable[[HttpRequest], HttpResponse]]:
    """The view gets the proven fields; everybody else gets one constant 403.

    *account* names the field that must hold our account's SID, *required* what else must
    be there, *one_of* what at least one must be there of. No refusal costs a query.
    """

    def decorate(view: Callback) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            try:
                fields = prove(request)
                _check_presence(fields, {account, *required}, one_of)
                _check_account(fields[account])
            except NotFromTwilio as reason:
                logger.warning("callback_refused", path=request.path, reason=str(reason))
                return HttpResponse("Forbidden\n", status=403, content_type="text/plain")
            return view(request, fields)

        return guarded

    return decorate


def prove(request: HttpRequest) -> Fields:
    """The request's fields, each once, signed by Twilio for exactly this address.

    ``NotFromTwilio`` otherwise, whatever the request looks like.
    """
    if request.method != "POST" or request.META.get("QUERY_STRING"):
        raise NotFromTwilio("not a plain POST")
    if request.content_type != "application/x-www-form-urlencoded":
        raise NotFromTwilio("not a form")
    signature = request.headers.get("X-Twilio-Signature", "")
    if not _SIGNATURE.fullmatch(signature):
        raise NotFromTwilio("no signature")
    fields = _parse(_body(request))
    # What Django saw (host, scheme) is what a client or a proxy said. Twilio signed the
    # address that we gave it.
    if not any(is_signed(base + request.path, fields, signature) for base in _bases()):
        raise NotFromTwilio("wrong signature")
    return fields


def _bases() -> tuple[str, ...]:
    """Our address as we gave it and, where it names a port, without: Twilio signs either.

    https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    given: str = settings.PUBLIC_ORIGIN
    scheme, _, host = given.partition("://")
    bare, _, port = host.rpartition(":")
    return (given, f"{scheme}://{bare}") if bare and port.isdecimal() else (given,)


def is_signed(url: str, fields: Fields, signature: str) -> bool:
    """Whether *signature* is base64(HMAC-SHA1(token, url + names and values, sorted)).

    Any of ``TWILIO_AUTH_TOKENS`` may be the key: during a rotation Twilio moves from one
    to the next at a moment that we do not know. An empty token proves nothing.
    """
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    matches = False
    for token in filter(None, settings.TWILIO_AUTH_TOKENS):
        digest = hmac.digest(token.encode(), signed.encode(), "sha1")
        matches |= hmac.compare_digest(base64.b64encode(digest).decode(), signature)
    return matches


def _check_presence(fields: Fields, required: set[str], one_of: tuple[str, ...]) -> None:
    missing = required - fields.keys()
    if missing:
        raise NotFromTwilio(f"missing: {', '.join(sorted(missing))}")
    if one_of and not fields.keys() & set(one_of):
        raise NotFromTwilio(f"missing: one of {', '.join(one_of)}")


def _check_account(account_sid: str) -> None:
    if account_sid != settings.TWILIO_ACCOUNT_SID:
        raise NotFromTwilio("another account")


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not _LENGTH.fullmatch(length) or int(length) > MOST_BYTES:
        raise NotFromTwilio("no length, or too long")
    try:
        return request.read()
    except OSError:
        raise NotFromTwilio("the connection broke") from None


def _parse(body: bytes) -> Fields:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise NotFromTwilio("malformed body") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NotFromTwilio("a repeated field")
    for name, value in fields.items():
        if not _NAME.fullmatch(name):
            raise NotFromTwilio("an impossible field name")
        if name in PATTERNS and not PATTERNS[name].fullmatch(value):
            raise NotFromTwilio(f"malformed: {name}")
    return fields
