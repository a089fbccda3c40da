"""Verify v2: Services, Verifications, VerificationCheck.

https://www.twilio.com/docs/verify/api
"""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard.errors import NotFound, TwilioError
from proxying.switchboard.models import Verification, VerifyService
from proxying.switchboard.moments import iso
from proxying.switchboard.rest import verifications
from proxying.switchboard.rest.views import CarrierView

CHANNELS = ("sms",)
ENDINGS = (Verification.Status.CANCELED, Verification.Status.APPROVED)


class ServicesView(CarrierView):
    def post(self, request: Request) -> Response:
        service = VerifyService.objects.create(
            friendly_name=self.parameters.required("FriendlyName", limit=32),
            code_length=self.parameters.integer("CodeLength", least=4, most=10) or 6,
        )
        return Response(_service(request, service), status=HTTPStatus.CREATED)


class ServiceView(CarrierView):
    def get(self, request: Request, service_sid: str) -> Response:
        return Response(_service(request, _find_service(service_sid)))


class VerificationsView(CarrierView):
    def post(self, request: Request, service_sid: str) -> Response:
        service = _find_service(service_sid)
        to = self.parameters.text("To", limit=64) or ""
        if self.parameters.text("Channel", limit=16) not in CHANNELS:
            raise TwilioError(60200, "Invalid parameter `Channel`")
        return Response(_resource(verifications.send(service, to)), status=HTTPStatus.CREATED)


class VerificationView(CarrierView):
    def get(self, request: Request, service_sid: str, sid: str) -> Response:
        return Response(_resource(self._verification(service_sid, sid)))

    def post(self, request: Request, service_sid: str, sid: str) -> Response:
        verification = self._verification(service_sid, sid)
        status = self.parameters.choice("Status", ENDINGS)
        if status is None:
            raise TwilioError(60200, "Invalid parameter `Status`")
        changed = Verification.objects.pending().filter(pk=verification.pk).update(status=status)
        if not changed:
            raise NotFound(request.path)
        verification.refresh_from_db()
        return Response(_resource(verification))

    def _verification(self, service_sid: str, sid: str) -> Verification:
        found = Verification.objects.filter(service=_find_service(service_sid), pk=sid).first()
        if found is None:
            raise NotFound(self.request.path)
        return found


class VerificationCheckView(CarrierView):
    def post(self, request: Request, service_sid: str) -> Response:
        pending = Verification.objects.pending().filter(service=_find_service(service_sid))
        code = self.parameters.text("Code", limit=10)
        if not code:
            raise TwilioError(60200, "Invalid parameter `Code`")
        if sid := self.parameters.text("VerificationSid", limit=34):
            pending = pending.filter(pk=sid)
        elif to := self.parameters.text("To", limit=64):
            pending = pending.filter(to=to)
        else:
            raise TwilioError(60200, "Invalid parameter: give `To` or `VerificationSid`")
        return Response(_resource(verifications.check(pending.first(), code)))


def _find_service(sid: str) -> VerifyService:
    service = VerifyService.objects.filter(pk=sid).first()
    if service is None:
        raise NotFound(f"/Services/{sid}")
    return service


def _service(request: Request, service: VerifyService) -> dict[str, Any]:
    return {
        "sid": service.sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "friendly_name": service.friendly_name,
        "code_length": service.code_length,
        "date_created": iso(service.date_created),
        "date_updated": iso(service.date_updated),
        "url": request.build_absolute_uri(
            reverse("switchboard:verify_service", args=[service.sid])
        ),
    }


def _resource(verification: Verification) -> dict[str, Any]:
    return {
        "sid": verification.sid,
        "service_sid": verification.service_id,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "to": verification.to,
        "channel": verification.channel,
        "status": verification.status,
        "valid": verification.status == Verification.Status.APPROVED,
        "lookup": {},
        "amount": None,
        "payee": None,
        "send_code_attempts": verification.send_code_attempts,
        "sna": None,
        "date_created": iso(verification.date_created),
        "date_updated": iso(verification.date_updated),
        "url": None,
    }
