"""The base of every view of the API, and how it says no."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler

from listings.api.authentication import ApiToken, LoggedIn
from listings.api.paging import CursorPages
from listings.api.parsers import StrictJSONParser
from listings.api.throttling import AnonymousThrottle, PersonThrottle, WriteThrottle


class Conflict(APIException):
    """What is asked for cannot be done to the thing as it now is."""

    status_code = 409
    default_detail = _("This cannot be done now.")
    default_code = "conflict"


class Gone(APIException):
    """What was there for everybody once, and is over."""

    status_code = 410
    default_detail = _("This is over.")
    default_code = "gone"


class PublicView(GenericAPIView):  # type: ignore[type-arg]  # no parameter at run time
    """For anybody; JSON in and out."""

    authentication_classes = (ApiToken, LoggedIn)
    permission_classes: tuple[Any, ...] = (AllowAny,)
    parser_classes: tuple[Any, ...] = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    throttle_classes = (AnonymousThrottle, PersonThrottle, WriteThrottle)
    pagination_class: type[CursorPages] | None = CursorPages
    filter_backends = ()
    # What OPTIONS would tell stands in the schema.
    metadata_class = None

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return refuse


class PersonalView(PublicView):
    """For whoever is known, about what is theirs: 401 without a token, 404 for another's."""

    permission_classes = (IsAuthenticated,)

    @property
    def person(self) -> User:
        assert self.request.user.is_authenticated
        return self.request.user


def sentences(form: forms.BaseForm) -> dict[str, list[str]]:
    """What is wrong with each field, as REST framework writes it."""
    return {name: [str(one) for one in said] for name, said in form.errors.items()}


def refuse(reason: Exception, context: dict[str, Any]) -> Response | None:
    """As REST framework does, and 400 for what Django itself calls a bad request."""
    if isinstance(reason, BadRequest | SuspiciousOperation):
        reason = ParseError(_("This request cannot be read."))
    return exception_handler(reason, context)
