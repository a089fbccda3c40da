"""The base of every view of the REST APIs."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.parsers import FormParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from proxying.switchboard.api.authentication import AccountAuthentication
from proxying.switchboard.api.parameters import Parameters
from proxying.switchboard.api.refusals import refuse
from proxying.switchboard.errors import NotFound
from proxying.switchboard.faults import door


class TwilioView(APIView):
    """For the account alone; form fields in, JSON out, errors in Twilio's form."""

    authentication_classes = (AccountAuthentication,)
    permission_classes = (IsAuthenticated,)
    parser_classes = (FormParser,)
    renderer_classes = (JSONRenderer,)
    http_method_names = ["get", "post", "delete"]  # noqa: RUF012 (Django's own, not a ClassVar)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return door.through(request, partial(super().dispatch, request, *args, **kwargs))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if any("\0" in name for name in kwargs.values()):
            # No database takes a NUL, so nothing is called so.
            raise NotFound(request.path)

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Any]:
        return refuse

    @property
    def parameters(self) -> Parameters:
        return Parameters(self.request.data)


class Nowhere(TwilioView):
    """Any address that no resource has."""

    def get(self, request: Request, **kwargs: str) -> None:
        raise NotFound(request.path)

    post = delete = get
