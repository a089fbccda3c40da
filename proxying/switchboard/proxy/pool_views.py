"""Services and the numbers in their pools.

https://www.twilio.com/docs/proxy/api/service and /phone-number
"""

from django.db import IntegrityError, transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from proxying.switchboard import numbering, pool, sessions
from proxying.switchboard.api.paging import page
from proxying.switchboard.api.parameters import Parameters
from proxying.switchboard.errors import InvalidParameter, NotFound, Rule, RuleBroken, TwilioError
from proxying.switchboard.models import IncomingPhoneNumber, PhoneNumber, Service, Session
from proxying.switchboard.models.proxy import PhoneNumberQuerySet
from proxying.switchboard.proxy.views import ProxyView

_NAME = 191
_SID = 34
_NUMBER = 64


class Services(ProxyView):
    def get(self, request: Request) -> Response:
        return page(request, Service.objects.all(), "services", self.resources.service)

    def post(self, request: Request) -> Response:
        self.parameters.required("UniqueName", limit=_NAME)
        service = _save(Service(), self.parameters)
        return Response(self.resources.service(service), status=HTTP_201_CREATED)


class OneService(ProxyView):
    def get(self, request: Request, service_sid: str) -> Response:
        """The Service with this SID or, as Twilio's own description allows, this unique name."""
        named = Service.objects.filter(unique_name=service_sid).first()
        return Response(self.resources.service(named or self.find_service(service_sid)))

    def post(self, request: Request, service_sid: str) -> Response:
        service = _save(self.find_service(service_sid), self.parameters)
        return Response(self.resources.service(service))

    def delete(self, request: Request, service_sid: str) -> Response:
        pool.delete_service(self.find_service(service_sid))
        return Response(status=HTTP_204_NO_CONTENT)


class PhoneNumbers(ProxyView):
    def get(self, request: Request, service_sid: str) -> Response:
        service = self.find_service(service_sid)
        return page(request, _numbers(service), "phone_numbers", self.resources.phone_number)

    def post(self, request: Request, service_sid: str) -> Response:
        service = self.find_service(service_sid)
        added = pool.add(
            service,
            _number_sid(self.parameters),
            is_reserved=self.parameters.boolean("IsReserved") or False,
        )
        number = _numbers(service).get(pk=added.pk)
        return Response(self.resources.phone_number(number), status=HTTP_201_CREATED)


class OnePhoneNumber(ProxyView):
    def get(self, request: Request, service_sid: str, number_sid: str) -> Response:
        return Response(self.resources.phone_number(self._find(service_sid, number_sid)))

    def post(self, request: Request, service_sid: str, number_sid: str) -> Response:
        number = self._find(service_sid, number_sid)
        is_reserved = self.parameters.boolean("IsReserved")
        if is_reserved is not None:
            pool.set_reserved(number, is_reserved=is_reserved)
        return Response(self.resources.phone_number(self._find(service_sid, number_sid)))

    def delete(self, request: Request, service_sid: str, number_sid: str) -> Response:
        pool.remove(self._find(service_sid, number_sid))
        return Response(status=HTTP_204_NO_CONTENT)

    def _find(self, service_sid: str, number_sid: str) -> PhoneNumber:
        number = _numbers(self.find_service(service_sid)).filter(pk=number_sid).first()
        if number is None:
            raise NotFound(self.request.path)
        return number


def _numbers(service: Service) -> PhoneNumberQuerySet:
    """The pool with ``in_use`` as it is now, not counting Sessions whose time is over."""
    sessions.close_expired(Session.objects.filter(service=service))
    numbers = PhoneNumber.objects.filter(service=service)
    return numbers.with_in_use().select_related("incoming_phone_number")


def _number_sid(given: Parameters) -> str:
    """The SID of the number that ``Sid`` or ``PhoneNumber`` names."""
    sid, digits = given.text("Sid", limit=_SID), given.text("PhoneNumber", limit=_NUMBER)
    if sid:
        return sid
    if not digits:
        raise InvalidParameter("Missing required parameter Sid or PhoneNumber in the post body")
    if not numbering.is_e164(digits):
        raise TwilioError(80406, "The phone number is not in E.164 form.")
    owned = IncomingPhoneNumber.objects.filter(phone_number=digits).first()
    if owned is None:
        raise RuleBroken(Rule.NUMBER_NOT_OURS)
    return owned.sid


def _save(service: Service, given: Parameters) -> Service:
    changes = {
        "unique_name": given.text("UniqueName", limit=_NAME) or None,
        "default_ttl": given.integer("DefaultTtl", least=0, most=sessions.MAX_TTL),
        "callback_url": given.url("CallbackUrl"),
        "intercept_callback_url": given.url("InterceptCallbackUrl"),
        "out_of_session_callback_url": given.url("OutOfSessionCallbackUrl"),
        "geo_match_level": given.choice("GeoMatchLevel", Service.GeoMatchLevel),
        "number_selection_behavior": given.choice(
            "NumberSelectionBehavior", Service.NumberSelectionBehavior
        ),
        "chat_instance_sid": given.text("ChatInstanceSid", limit=_SID),
    }
    for field, value in changes.items():
        if value is not None:
            setattr(service, field, value)
    try:
        with transaction.atomic():
            service.save()
    except IntegrityError as error:
        raise RuleBroken(Rule.SERVICE_NAME_TAKEN) from error
    return service
