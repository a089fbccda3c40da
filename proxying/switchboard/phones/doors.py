"""Who may use the phones: a person at the page, or a program on this machine, no foreign site."""

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]


def virtual_carrier_only[**P](view: View[P]) -> View[P]:
    """404 unless the virtual carrier is on: production has no phones in the browser."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.SWITCHBOARD_VIRTUAL_CARRIER:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def open_to_programs[**P](view: View[P]) -> View[P]:
    """For the JSON API: no cookie, no token, no log-in, but no foreign web page either.

    A test or a script has no cookie jar to keep a CSRF token in, and there is no log-in
    that a forged request could ride on. What is left to fear is a page on some other site
    that makes a visitor's browser text through a carrier on the visitor's own machine;
    browsers name the origin of every such request, and programs name none.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if _from_another_site(request):
            refusal: dict[str, Any] = {"errors": {"origin": _("Not from another site.")}}
            return JsonResponse(refusal, status=HTTPStatus.FORBIDDEN)
        try:
            return view(request, *args, **kwargs)
        except BadRequest as reason:
            return JsonResponse({"errors": {"body": str(reason)}}, status=HTTPStatus.BAD_REQUEST)

    return csrf_exempt(virtual_carrier_only(guarded))


def fields_of(request: HttpRequest) -> QueryDict | dict[str, Any]:
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


def errors(form: forms.BaseForm) -> JsonResponse:
    """400, and what is wrong with each field."""
    sentences_by_field = {field: str(sentences[0]) for field, sentences in form.errors.items()}
    return JsonResponse({"errors": sentences_by_field}, status=HTTPStatus.BAD_REQUEST)


def _from_another_site(request: HttpRequest) -> bool:
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.get_host()
