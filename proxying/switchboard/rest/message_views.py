"""Messages: a text from a number of ours to a phone.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import re
from http import HTTPStatus
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard import numbering
from proxying.switchboard.errors import NotFound, TwilioError
from proxying.switchboard.models import IncomingPhoneNumber, Message
from proxying.switchboard.rest.account_views import AccountView, date, page, uri
from proxying.switchboard.rest.verifications import SENDER
from proxying.switchboard.traffic import messages

_SENDERS_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +&-]{1,11}")
_MESSAGING_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")


class MessagesView(AccountView):
    def get(self, request: Request, account_sid: str) -> Response:
        rows = Message.objects.exclude(direction=Message.Direction.DIRECT)
        if to := self.query.text("To", limit=64):
            rows = rows.filter(to=to)
        if sender := self.query.text("From", limit=64):
            rows = rows.filter(from_number=sender)
        if since := self.query.moment("DateSent>"):
            rows = rows.filter(date_created__gte=since)
        if until := self.query.moment("DateSent<"):
            rows = rows.filter(date_created__lte=until)
        return page(request, rows, "messages", _resource)

    def post(self, request: Request, account_sid: str) -> Response:
        given = self.parameters
        to = given.text("To", limit=64)
        if not to:
            raise TwilioError(21604, "A 'To' phone number is required.")
        if not numbering.is_e164(to):
            raise TwilioError(21211, "The 'To' number is not a valid phone number.")
        body = given.text("Body", limit=10**6)
        if not body:
            raise TwilioError(21602, "Message body is required.")
        if len(body) > messages.MAX_BODY:
            raise TwilioError(21617, "The message body exceeds the 1600 character limit.")
        callback = given.url("StatusCallback")
        sent = messages.deliver(from_=self._sender(), to=to, body=body)
        if callback:
            messages.tell_status(sent, callback)
        # Twilio answers before the carrier does; how it went is read or told later.
        answer = _resource(sent) | {"status": "queued", "error_code": None, "error_message": None}
        return Response(answer, status=HTTPStatus.CREATED)

    def _sender(self) -> str:
        service = self.parameters.text("MessagingServiceSid", limit=64)
        if service:
            if not _MESSAGING_SERVICE.fullmatch(service):
                raise TwilioError(21701, "The Messaging Service does not exist.")
            return SENDER
        sender = self.parameters.text("From", limit=64)
        if not sender:
            raise TwilioError(21603, "A 'From' phone number is required.")
        if _SENDERS_NAME.fullmatch(sender):
            return sender
        if not IncomingPhoneNumber.objects.filter(phone_number=sender, sms=True).exists():
            raise TwilioError(21606, "The 'From' number is no SMS-capable number of yours.")
        return sender


class MessageView(AccountView):
    def get(self, request: Request, account_sid: str, sid: str) -> Response:
        return Response(_resource(self._message(sid)))

    def post(self, request: Request, account_sid: str, sid: str) -> Response:
        """An empty ``Body`` wipes the text out; nothing else about a message can change."""
        message = self._message(sid)
        if self.parameters.text("Body", limit=messages.MAX_BODY) != "":
            raise TwilioError(20001, "Body can only be changed to an empty text.")
        message.body = ""
        message.save()
        return Response(_resource(message))

    def delete(self, request: Request, account_sid: str, sid: str) -> Response:
        self._message(sid).delete()
        return Response(status=HTTPStatus.NO_CONTENT)

    def _message(self, sid: str) -> Message:
        rows = Message.objects.exclude(direction=Message.Direction.DIRECT)
        message = rows.filter(pk=sid).first()
        if message is None:
            raise NotFound(uri("Messages", sid))
        return message


def _resource(message: Message) -> dict[str, Any]:
    outbound = message.direction != Message.Direction.INBOUND
    return {
        "sid": message.sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "api_version": "2010-04-01",
        "body": message.body,
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        "from": message.from_number,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "status": message.status,
        "to": message.to,
        "date_created": date(message.date_created),
        "date_sent": date(message.date_created) if outbound else None,
        "date_updated": date(message.date_updated),
        "uri": uri("Messages", message.sid),
        "subresource_uris": {"media": uri("Messages", message.sid, "Media")},
    }
