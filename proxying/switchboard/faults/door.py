"""Every request of the API goes through here, and on some days not unharmed."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from rest_framework.response import Response

from proxying.switchboard.api import refusals
from proxying.switchboard.errors import TwilioError
from proxying.switchboard.faults import journal, plan
from proxying.switchboard.faults.connections import NoAnswer
from proxying.switchboard.models import Fault

type View = Callable[[], HttpResponseBase]

_PAGE: Final = b"<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>"
_HALF: Final = 0.5
_STATUSES: Final[dict[str, HTTPStatus]] = {
    Fault.Kind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Fault.Kind.TOO_MANY_BARE: HTTPStatus.TOO_MANY_REQUESTS,
    Fault.Kind.ERROR_500: HTTPStatus.INTERNAL_SERVER_ERROR,
    Fault.Kind.ERROR_503: HTTPStatus.SERVICE_UNAVAILABLE,
}


def through(request: HttpRequest, view: View) -> HttpResponseBase:
    """The view's answer, or what a fault makes of it. Without rules: one query, no journal."""
    planned = plan.rules()
    if not planned:
        return view()
    path = request.path.partition("/switchboard/")[2]
    fault = _first_that_is_no_delay(planned, request.method or "", path)
    facts: dict[str, Any] = {}

    def witnessed() -> HttpResponseBase:
        made = view()
        facts.update(journal.facts(path, made))
        return made

    answer = _answer(fault, witnessed) if fault else witnessed()
    journal.write(request.method or "", path, answer, fault=fault, facts=facts)
    return answer


def _first_that_is_no_delay(planned: list[Fault], method: str, path: str) -> Fault | None:
    """Delays add up, and are over when this returns."""
    delay = None
    for fault in plan.of_request(planned, method, path):
        time.sleep(fault.delay_ms / 1000)
        if fault.kind != Fault.Kind.DELAY:
            return fault
        delay = fault
    return delay


def _answer(fault: Fault, view: View) -> HttpResponseBase:
    match fault.kind:
        case kind if kind in _STATUSES:
            return _refusal(fault, _STATUSES[kind])
        case Fault.Kind.DROP_BEFORE | Fault.Kind.OUTAGE:
            return NoAnswer()
        case Fault.Kind.DROP_AFTER:
            view()
            return NoAnswer()
        case Fault.Kind.TRUNCATED:
            return _halved(view())
        case Fault.Kind.HTML:
            is_fine = fault.draw("status") < _HALF
            return HttpResponse(_PAGE, status=HTTPStatus.OK if is_fine else HTTPStatus.BAD_GATEWAY)
        case _:
            return view()


def _refusal(fault: Fault, status: HTTPStatus) -> HttpResponse:
    refusal = TwilioError(20000 + status, status.phrase, status)
    retry_after = fault.retry_after
    if fault.kind == Fault.Kind.TOO_MANY and retry_after is None:
        retry_after = 1
    elif fault.kind == Fault.Kind.TOO_MANY_BARE:
        retry_after = None
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JsonResponse(refusals.body(refusal), status=status, headers=headers)


def _halved(answer: HttpResponseBase) -> HttpResponse:
    assert isinstance(answer, Response)
    body = answer.render().content
    return HttpResponse(
        body[: len(body) // 2],
        status=answer.status_code,
        content_type=answer.get("Content-Type"),
    )
