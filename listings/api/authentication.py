"""Who asks: a token in the ``Authorization`` header, or somebody logged in to the site."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed


class ApiToken(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """``Authorization: Token <token>``. Without the header it says nothing; else 401."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        # Ours are hexadecimal. Anything else would reach the database, which takes no NUL.
        if not token.isalnum():
            raise AuthenticationFailed(_("Invalid token."))
        pair: tuple[Any, Any] = super().authenticate_credentials(token)
        return pair


class LoggedIn(SessionAuthentication):
    """The site's own session. Whatever changes something needs the CSRF token."""


# drf-spectacular registers an extension when its class is made, by code without types.
class _ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiToken
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token ` and a token from the page “API tokens” of your account.",
        }


class _LoggedInScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the same
    target_class = LoggedIn
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "For pages of this site: with `X-CSRFToken` on what changes something.",
        }
