"""What keeps a stolen database from holding a phone number.

``seal`` and ``unseal`` are AES-256-GCM under ``PHONE_NUMBER_KEYS`` (``key id:base64``,
newest first: the first seals, all unseal). The place of a value (table, row, field) is
authenticated with it, so that a ciphertext moved to another row does not open.

What is sealed with a *secret* too opens only with both: the key, which no database has, and
the secret, which is a row of its own (``models.SellerKey``). Destroy the secret, and neither
the settings nor an old copy of the database opens the value again.

``blind_index`` is HMAC-SHA-256 under ``PHONE_NUMBER_INDEX_KEY``, a key of its own: all
North American numbers could be hashed in minutes, so what protects is the key alone.
"""

import base64
import binascii
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_KEY_BYTES = 32
_NONCE_BYTES = 12
# In front of the body of what is sealed with a secret; no sign of base64.
_MARK = "~"


class CannotUnseal(Exception):
    """A stored value does not open: its key is gone, or it was not sealed for this place."""


def seal(plain: str, *, place: str, secret: bytes | None = None) -> str:
    """*plain*, sealed for *place*, as ``key id:base64(nonce + ciphertext + tag)``.

    With a *secret* a ``~`` precedes the base64.
    """
    key_id = newest_key_id()
    nonce = os.urandom(_NONCE_BYTES)
    key = _with_secret(_keys()[key_id], secret)
    sealed = nonce + AESGCM(key).encrypt(nonce, plain.encode(), place.encode())
    mark = "" if secret is None else _MARK
    return f"{key_id}:{mark}{base64.b64encode(sealed).decode()}"


def unseal(sealed: str, *, place: str, secret: bytes | None = None) -> str:
    """What was sealed for *place*; ``CannotUnseal`` otherwise.

    *secret* is not looked at when *sealed* was sealed without one.
    """
    key_id, _, body = sealed.partition(":")
    if not needs_secret(sealed):
        secret = None
    elif secret is None:
        raise CannotUnseal("the secret that it was sealed with is destroyed")
    try:
        key = _with_secret(_keys()[key_id], secret)
        raw = base64.b64decode(body.removeprefix(_MARK), validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
    except KeyError:
        raise CannotUnseal(f"no key with id {key_id!r} in PHONE_NUMBER_KEYS") from None
    except (InvalidTag, ValueError):
        raise CannotUnseal(f"sealed for another place than {place}, or damaged") from None


def needs_secret(sealed: str) -> bool:
    return sealed.partition(":")[2].startswith(_MARK)


def sealed_like_now(*, with_secret: bool) -> str:
    """How everything begins that is sealed under the newest key."""
    return f"{newest_key_id()}:{_MARK if with_secret else ''}"


def newest_key_id() -> str:
    return next(iter(_keys()))


def key_ids() -> list[str]:
    """Of ``PHONE_NUMBER_KEYS``, newest first."""
    return list(_keys())


def blind_index(e164: str) -> str:
    """64 hex digits that are the same for the same number, and tell nothing without the key."""
    key = _decode("PHONE_NUMBER_INDEX_KEY", settings.PHONE_NUMBER_INDEX_KEY)
    return hmac.digest(key, e164.encode(), "sha256").hex()


def check_keys() -> None:
    """``ImproperlyConfigured`` when a key is missing, malformed or used for both jobs."""
    keys = _keys()
    if _decode("PHONE_NUMBER_INDEX_KEY", settings.PHONE_NUMBER_INDEX_KEY) in keys.values():
        raise ImproperlyConfigured("PHONE_NUMBER_INDEX_KEY must not be one of PHONE_NUMBER_KEYS")


def _with_secret(key: bytes, secret: bytes | None) -> bytes:
    return key if secret is None else hmac.digest(key, b"with a secret:" + secret, "sha256")


def _keys() -> dict[str, bytes]:
    return _parse_keys(tuple(settings.PHONE_NUMBER_KEYS))


@lru_cache(maxsize=4)
def _parse_keys(entries: tuple[str, ...]) -> dict[str, bytes]:
    keys = {}
    for entry in entries:
        key_id, _, body = entry.partition(":")
        keys[key_id] = _decode("PHONE_NUMBER_KEYS", body)
    if not keys:
        raise ImproperlyConfigured("PHONE_NUMBER_KEYS is empty")
    return keys


def _decode(setting: str, body: str) -> bytes:
    try:
        key = base64.b64decode(body, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ImproperlyConfigured(f"{setting} needs 32 bytes in base64")
    return key
