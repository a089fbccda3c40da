"""Every error as Twilio's JSON: ``code``, ``message``, ``more_info``, ``status``."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from proxying.switchboard.errors import NotFound, TwilioError

log = structlog.get_logger(__name__)

_MESSAGES: Final = {
    HTTPStatus.UNAUTHORIZED: (20003, "Authenticate"),
    HTTPStatus.FORBIDDEN: (20003, "Permission denied"),
    HTTPStatus.METHOD_NOT_ALLOWED: (20004, "Method not allowed"),
    HTTPStatus.TOO_MANY_REQUESTS: (20429, "Too Many Requests"),
}


def refuse(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler for our API. What we did not foresee is logged and a 500."""
    match error:
        case TwilioError():
            refusal, headers = error, {}
        case exceptions.APIException():
            refusal, headers = _translated(error), _headers(error)
        case Http404():
            refusal, headers = NotFound(context["request"].path), {}
        case _:
            log.error("api_failed", exc_info=error)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            refusal, headers = TwilioError(20500, "Internal Server Error", status), {}
    set_rollback()
    return Response(body(refusal), status=refusal.status, headers=headers)


def body(refusal: TwilioError) -> dict[str, Any]:
    """What Twilio writes about an error."""
    return {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": refusal.more_info,
        "status": int(refusal.status),
    }


def _translated(error: exceptions.APIException) -> TwilioError:
    status = HTTPStatus(error.status_code)
    code, message = _MESSAGES.get(status, (20000 + status, status.phrase))
    return TwilioError(code, message, status)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if realm := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = realm
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(wait)
    return headers
