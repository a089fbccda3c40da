"""HTTP Basic, as Twilio asks for it.

https://www.twilio.com/docs/usage/requests-to-twilio#credentials
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import constant_time_compare
from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


@dataclass(frozen=True)
class Account:
    """Who asks: there is one account on this switchboard."""

    sid: str
    is_authenticated: bool = True


class AccountAuthentication(BasicAuthentication):
    """The account's SID with one of its auth tokens, or an API key with its secret."""

    www_authenticate_realm = "Twilio API"

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> tuple[Account, None]:
        pairs = [(settings.TWILIO_ACCOUNT_SID, token) for token in settings.TWILIO_AUTH_TOKENS]
        pairs.append((settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET))
        good = [
            constant_time_compare(userid, name) & constant_time_compare(password, secret)
            for name, secret in pairs
            if name and secret
        ]
        if not any(good):
            raise AuthenticationFailed
        return Account(settings.TWILIO_ACCOUNT_SID), None
