"""Records of calls: https://www.twilio.com/docs/voice/api/call-resource"""

from http import HTTPStatus

from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard.errors import NotFound, TwilioError
from proxying.switchboard.models import Call
from proxying.switchboard.rest.account_views import AccountView, uri


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
