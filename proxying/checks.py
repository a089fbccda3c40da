"""System checks: what is wrong with the configuration, and the line that mends it."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from proxying.encryption import check_keys

_NEW_KEY = "head -c 32 /dev/urandom | base64"
_LONGEST_TTL = 2_147_483_646
_MODES = ("message-only", "voice-only", "voice-and-message")
# Twilio has two slots for them.
_TOKENS_OF_AN_ACCOUNT = 2
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@register(Tags.security)
def check_phone_number_keys(**kwargs: Any) -> list[CheckMessage]:
    try:
        check_keys()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint=_(
                    "Make each key with: %(command)s. PHONE_NUMBER_KEYS is id:key, newest first."
                )
                % {"command": _NEW_KEY},
                id="proxying.E001",
            )
        ]
    return []


@register()
def check_twilio_credentials(**kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if not re.fullmatch(r"AC[0-9a-f]{32}", settings.TWILIO_ACCOUNT_SID):
        messages.append(
            Error(
                _("TWILIO_ACCOUNT_SID is not an account's SID."),
                hint=_("It is AC and 32 hexadecimal digits; the console's first page shows it."),
                id="proxying.E002",
            )
        )
    if not settings.TWILIO_AUTH_TOKENS or not all(settings.TWILIO_AUTH_TOKENS):
        messages.append(
            Error(
                _("TWILIO_AUTH_TOKEN is missing: no callback could be proved to be Twilio's."),
                hint=_(
                    "Set the primary token; while it rotates both, comma-separated, newest first."
                ),
                id="proxying.E003",
            )
        )
    if len(settings.TWILIO_AUTH_TOKENS) > _TOKENS_OF_AN_ACCOUNT:
        messages.append(
            Error(
                _("TWILIO_AUTH_TOKEN names more than two: each of them proves callbacks."),
                hint=_("Keep the primary token, and the secondary one while it rotates."),
                id="proxying.E012",
            )
        )
    if bool(settings.TWILIO_API_KEY_SID) != bool(settings.TWILIO_API_KEY_SECRET):
        messages.append(
            Error(
                _("An API key needs both TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET."),
                hint=_("Set both, or neither to sign in with the account's auth token."),
                id="proxying.E004",
            )
        )
    if not re.fullmatch(r"VA[0-9a-f]{32}", settings.TWILIO_VERIFY_SERVICE_SID):
        messages.append(
            Error(
                _(
                    "TWILIO_VERIFY_SERVICE_SID is not a Verify Service's SID:"
                    " no phone can be proved."
                ),
                hint=_("Create a Verify Service in the console; its SID is VA and 32 digits."),
                id="proxying.E005",
            )
        )
    return messages


@register()
def check_session_settings(**kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if settings.PROXY_SESSION_MODE not in _MODES:
        messages.append(
            Error(
                _("PROXY_SESSION_MODE is “%(mode)s”.") % {"mode": settings.PROXY_SESSION_MODE},
                hint=_("Use one of: %(modes)s.") % {"modes": ", ".join(_MODES)},
                id="proxying.E006",
            )
        )
    if not 0 < settings.PROXY_SESSION_TTL <= _LONGEST_TTL:
        messages.append(
            Error(
                _("PROXY_SESSION_TTL is %(seconds)s seconds.")
                % {"seconds": settings.PROXY_SESSION_TTL},
                hint=_("Sessions that never end use up the pool: an hour to a week is usual."),
                id="proxying.E007",
            )
        )
    if settings.PROXY_POOL_FLOOR < 1:
        messages.append(
            Error(
                _("PROXY_POOL_FLOOR is below 1: Proxy would have no number to show to sellers."),
                hint=_("Set it to the most buyers whom one seller talks to at a time."),
                id="proxying.E008",
            )
        )
    return messages


@register(Tags.security, deploy=True)
def check_public_base_url(**kwargs: Any) -> list[CheckMessage]:
    if urlsplit(settings.PUBLIC_BASE_URL).scheme == "https":
        return []
    return [
        Error(
            _("PUBLIC_BASE_URL is not https: callbacks carry private numbers."),
            hint=_("Set PUBLIC_BASE_URL to the address under which Twilio reaches this site."),
            id="proxying.E009",
        )
    ]


@register(Tags.security, deploy=True)
def check_twilio_base_urls(**kwargs: Any) -> list[CheckMessage]:
    urls = [settings.TWILIO_BASE_URL, *settings.TWILIO_PRODUCT_BASE_URLS.values()]
    return [
        Error(
            _("Twilio's address %(url)s is not https.") % {"url": url},
            hint=_("Leave TWILIO_BASE_URL out for Twilio itself; a switchboard needs https too."),
            id="proxying.E010",
        )
        for url in urls
        if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in _LOOPBACK
    ]


@register(deploy=True)
def check_broker(**kwargs: Any) -> list[CheckMessage]:
    if settings.REDIS_URL:
        return []
    return [
        Error(
            _("REDIS_URL is missing: tasks go through a folder, which is for a first look only."),
            hint=_("Set REDIS_URL, such as redis://127.0.0.1:6379/0."),
            id="proxying.E011",
        )
    ]
