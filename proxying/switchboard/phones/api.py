"""The phones, driven by a program: JSON or form fields in, JSON out.

Answers: 200 or 201; 400 with ``{"errors": {field: sentence}}``; 404 for an unknown phone or
call; 409 for a call that does not ring any more.
"""

import json
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import HttpRequest, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from proxying.switchboard import numbering
from proxying.switchboard.models import Call, Phone
from proxying.switchboard.phones.doors import open_to_programs
from proxying.switchboard.phones.forms import CallForm, MessageForm, PhoneForm
from proxying.switchboard.phones.screens import call_item, message_item, screens
from proxying.switchboard.traffic import calls, messages


@open_to_programs
@require_POST
def send_message(request: HttpRequest) -> JsonResponse:
    form = MessageForm(_fields(request))
    if not form.is_valid():
        return _errors(form)
    given = form.cleaned_data
    message = messages.text(form.pick_up(), given["to"], given["body"])
    return JsonResponse(message_item(message, given["from"]), status=HTTPStatus.CREATED)


@open_to_programs
@require_POST
def place_call(request: HttpRequest) -> JsonResponse:
    form = CallForm(_fields(request))
    if not form.is_valid():
        return _errors(form)
    call = calls.place(form.pick_up(), form.cleaned_data["to"])
    return JsonResponse(call_item(call), status=HTTPStatus.CREATED)


@open_to_programs
@require_POST
def answer_call(request: HttpRequest, sid: str) -> JsonResponse:
    calls.settle()
    leg = _leg(sid)
    if leg is None:
        return _not_found(_("There is no such call."))
    if not calls.answer(leg):
        sentence = {"errors": {"sid": _("This call does not ring here any more.")}}
        return JsonResponse(sentence, status=HTTPStatus.CONFLICT)
    return JsonResponse(call_item(leg))


@open_to_programs
@require_POST
def hang_up_call(request: HttpRequest, sid: str) -> JsonResponse:
    leg = _leg(sid)
    if leg is None:
        return _not_found(_("There is no such call."))
    calls.hang_up(leg)
    leg.refresh_from_db()
    return JsonResponse(call_item(leg))


@open_to_programs
@require_http_methods(["GET", "POST"])
def phones(request: HttpRequest) -> JsonResponse:
    """GET: every phone with all it shows, in one answer. POST: a new phone."""
    if request.method == "GET":
        calls.settle()
        return JsonResponse({"phones": screens(*Phone.objects.all())})
    form = PhoneForm(_fields(request))
    if not form.is_valid():
        return _errors(form)
    return JsonResponse(screens(form.save())[0], status=HTTPStatus.CREATED)


@open_to_programs
@require_GET
def phone(request: HttpRequest, number: str) -> JsonResponse:
    calls.settle()
    try:
        found = Phone.objects.get(number=numbering.parse(number))
    except (Phone.DoesNotExist, ValueError):
        return _not_found(_("There is no phone with this number here."))
    return JsonResponse(screens(found)[0])


def _leg(sid: str) -> Call | None:
    return Call.objects.select_related("parent").filter(pk=sid).first()


def _fields(request: HttpRequest) -> QueryDict | dict[str, Any]:
    """The body's fields, whichever of the two forms it came in."""
    if request.content_type != "application/json":
        return request.POST
    try:
        fields = json.loads(request.body)
        # JSON can spell half a character ("\\ud800"), which no database takes.
        json.dumps(fields, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadRequest(_("This is not valid JSON.")) from None
    if not isinstance(fields, dict):
        raise BadRequest(_("The JSON must be an object."))
    return fields


def _errors(form: forms.Form) -> JsonResponse:
    errors = {field: str(sentences[0]) for field, sentences in form.errors.items()}
    return JsonResponse({"errors": errors}, status=HTTPStatus.BAD_REQUEST)


def _not_found(sentence: str) -> JsonResponse:
    return JsonResponse({"errors": {"sid": sentence}}, status=HTTPStatus.NOT_FOUND)
