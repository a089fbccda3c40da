"""What keeps a stolen database from holding a phone number.

``seal`` and ``unseal`` are AES-256-GCM under ``PHONE_NUMBER_KEYS`` (``key id:base64``,
newest first: the first seals, all unseal). The place of a value (table, row, field) is
authenticated with it, so that a ciphertext moved to another row does not open.

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


class CannotUnseal(Exception):
    """A stored value does not open: its key is gone, or it was not sealed for this place."""


def seal(plain: str, *, place: str) -> str:
    """*plain*, sealed for *place*, as ``key id:base64(nonce + ciphertext + tag)``."""
    key_id, key = next(iter(_keys().items()))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, plain.encode(), place.encode())
    return f"{key_id}:{base64.b64encode(sealed).decode()}"


def unseal(sealed: str, *, place: str) -> str:
    """What was sealed for *place*; ``CannotUnseal`` otherwise."""
    key_id, _, body = sealed.partition(":")
    try:
        key = _keys()[key_id]
        raw = base64.b64decode(body, validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
    except KeyError:
        raise CannotUnseal(f"no key with id {key_id!r} in PHONE_NUMBER_KEYS") from None
    except (InvalidTag, ValueError):
        raise CannotUnseal(f"sealed for another place than {place}, or damaged") from None


def blind_index(e164: str) -> str:
    """64 hex digits that are the same for the same number, and tell nothing without the key."""
    key = _decode("PHONE_NUMBER_INDEX_KEY", settings.PHONE_NUMBER_INDEX_KEY)
    return hmac.digest(key, e164.encode(), "sha256").hex()


def check_keys() -> None:
    """``ImproperlyConfigured`` when a key is missing, malformed or used for both jobs."""
    keys = _keys()
    if _decode("PHONE_NUMBER_INDEX_KEY", settings.PHONE_NUMBER_INDEX_KEY) in keys.values():
        raise ImproperlyConfigured("PHONE_NUMBER_INDEX_KEY must not be one of PHONE_NUMBER_KEYS")


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
