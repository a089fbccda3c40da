"""The phones, driven by a program: JSON or form fields in, JSON out.

Answers: 200 or 201; 400 with ``{"errors": {field: sentence}}``; 404 for an unknown phone or
call; 409 for a call that does not ring any more.
"""

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from proxying.switchboard import numbering
from proxying.switchboard.models import Call, Phone
from proxying.switchboard.phones.doors import errors, fields_of, open_to_programs
from proxying.switchboard.phones.forms import CallForm, MessageForm, PhoneForm
from proxying.switchboard.phones.screens import call_item, message_item, screens
from proxying.switchboard.traffic import calls, messages


@open_to_programs
@require_POST
def send_message(request: HttpRequest) -> JsonResponse:
    form = MessageForm(fields_of(request))
    if not form.is_valid():
        return errors(form)
    given = form.cleaned_data
    message = messages.text(form.pick_up(), given["to"], given["body"])
    return JsonResponse(message_item(message, given["from"]), status=HTTPStatus.CREATED)


@open_to_programs
@require_POST
def place_call(request: HttpRequest) -> JsonResponse:
    form = CallForm(fields_of(request))
    if not form.is_valid():
        return errors(form)
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
    form = PhoneForm(fields_of(request))
    if not form.is_valid():
        return errors(form)
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


def _not_found(sentence: str) -> JsonResponse:
    return JsonResponse({"errors": {"sid": sentence}}, status=HTTPStatus.NOT_FOUND)
