"""Records of calls: https://www.twilio.com/docs/voice/api/call-resource"""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard.errors import NotFound, TwilioError
from proxying.switchboard.models import Call
from proxying.switchboard.rest.account_views import AccountView, date, page, uri


class CallsView(AccountView):
    def get(self, request: Request, account_sid: str) -> Response:
        rows = Call.objects.exclude(direction=Call.Direction.DIRECT)
        if parent := self.query.text("ParentCallSid", limit=64):
            rows = rows.filter(parent=parent)
        return page(request, rows, "calls", _resource)


class CallView(AccountView):
    def delete(self, request: Request, account_sid: str, sid: str) -> Response:
        """The record of a leg that has ended; with the first leg goes what it rang."""
        call = Call.objects.exclude(direction=Call.Direction.DIRECT).filter(pk=sid).first()
        if call is None:
            raise NotFound(uri("Calls", sid))
        if call.ended_at is None:
            raise TwilioError(20001, "A call that is under way cannot be deleted.")
        call.delete()
        return Response(status=HTTPStatus.NO_CONTENT)


def _resource(call: Call) -> dict[str, Any]:
    return {
        "sid": call.sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "api_version": "2010-04-01",
        "parent_call_sid": call.parent_id,
        "direction": call.direction,
        "from": call.from_number,
        "to": call.to,
        "status": call.status,
        "duration": str(call.duration),
        "date_created": date(call.date_created),
        "date_updated": date(call.date_updated),
        "start_time": date(call.answered_at) if call.answered_at else None,
        "end_time": date(call.ended_at) if call.ended_at else None,
        "uri": uri("Calls", call.sid),
    }
