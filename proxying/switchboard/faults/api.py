"""The faults, driven by a program: JSON or form fields in, JSON out.

``GET /switchboard/faults/`` answers ``{"faults": [...], "journal": [...], "ledger": {...}}``;
``?after=`` an entry's id gives the journal from there on, ``?most=`` how many at once. It has
an entry for every request while there is any rule, were it one whose chance is 0.
``POST`` adds a rule (201 and the rule) or makes a number vanish at once (``{"kind": "vanish",
"phone_number": "+1..."}``, 200 and the ledger); ``DELETE`` removes every rule, or the one
whose id is in the address. ``POST /switchboard/faults/deliver/`` delivers all webhooks that
are kept back: ``{"delivered": 3}``.

Errors: 400 with ``{"errors": {field: sentence}}``; 404 for no such rule or number, and for
everything while the virtual carrier is off.
"""

from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from proxying.switchboard.errors import NotFound
from proxying.switchboard.faults import held, journal
from proxying.switchboard.faults.forms import VANISH, FaultForm, VanishForm
from proxying.switchboard.models import Fault
from proxying.switchboard.moments import iso
from proxying.switchboard.phones.doors import errors, fields_of, open_to_programs
from proxying.switchboard.rest import numbers

_SHOWN: Final = 100
_BIGGEST_ID: Final = 2**63 - 1


@open_to_programs
@require_http_methods(["GET", "POST", "DELETE"])
def faults(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _all(request.GET)
    if request.method == "DELETE":
        Fault.objects.all().delete()
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    given = fields_of(request)
    return _vanish(given) if given.get("kind") == VANISH else _add(given)


@open_to_programs
@require_http_methods(["DELETE"])
def fault(request: HttpRequest, pk: int) -> HttpResponse:
    removed, _by_model = Fault.objects.filter(pk=pk).delete()
    if not removed:
        return _not_found("id", _("There is no such fault."))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@open_to_programs
@require_POST
def deliver(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"delivered": held.deliver(everything=True)})


def _all(query: QueryDict) -> JsonResponse:
    most = _whole(query, "most", _SHOWN, journal.MOST)
    return JsonResponse(
        {
            "faults": [item(rule) for rule in Fault.objects.all()],
            "journal": journal.tail(after=_whole(query, "after", 0, _BIGGEST_ID), most=most),
            "ledger": journal.ledger(most=most),
        }
    )


def _add(given: QueryDict | dict[str, Any]) -> JsonResponse:
    form = FaultForm(given)
    if not form.is_valid():
        return errors(form)
    return JsonResponse(item(form.save()), status=HTTPStatus.CREATED)


def _vanish(given: QueryDict | dict[str, Any]) -> JsonResponse:
    form = VanishForm(given)
    if not form.is_valid():
        return errors(form)
    try:
        numbers.vanish(form.cleaned_data["phone_number"])
    except NotFound:
        return _not_found("phone_number", _("The account has no such number."))
    return JsonResponse(journal.ledger(most=_SHOWN))


def item(rule: Fault) -> dict[str, Any]:
    """One rule as the API shows it."""
    return {
        "id": rule.pk,
        "kind": rule.kind,
        "path": rule.path,
        "method": rule.method,
        "chance": rule.chance,
        "seed": rule.seed,
        "times": rule.times,
        "delay_ms": rule.delay_ms,
        "retry_after": rule.retry_after,
        "seen": rule.seen,
        "struck": rule.struck,
        "date_created": iso(rule.date_created),
    }


def _whole(query: QueryDict, name: str, default: int, most: int) -> int:
    """A whole number of at most *most*; *default* where there is none."""
    text = query.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    return min(int(text), most) if is_number else default


def _not_found(field: str, sentence: str) -> JsonResponse:
    return JsonResponse({"errors": {field: sentence}}, status=HTTPStatus.NOT_FOUND)
