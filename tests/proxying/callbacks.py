"""Posts to the three callbacks as Proxy does: its fields, really signed."""

import base64
import hmac
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from django.urls import reverse

FORM = "application/x-www-form-urlencoded"


def sign(url, fields, token=None):
    """X-Twilio-Signature for a form POST.

    https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    signed = url + "".join(key + value for key, value in sorted(fields.items()))
    key = settings.TWILIO_AUTH_TOKENS[0] if token is None else token
    return base64.b64encode(hmac.digest(key.encode(), signed.encode(), "sha1")).decode()


def post(name, body, signature, *, content_type=FORM, **headers):
    """An unsafe client: it checks CSRF as a browser's requests are checked."""
    if signature is not None:
        headers["X-Twilio-Signature"] = signature
    return Client(enforce_csrf_checks=True).post(
        reverse(name), body, content_type=content_type, headers=headers
    )


def post_fields(name, fields, *, token=None, **headers):
    signature = sign(settings.PUBLIC_ORIGIN + reverse(name), fields, token)
    return post(name, urlencode(fields), signature, **headers)


def contact(sender, dialled, sid="CA" + "1" * 32, **more):
    """Somebody calls or texts, and no open Session fits."""
    kind = "CallSid" if sid.startswith("CA") else "MessageSid"
    fields = {
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        kind: sid,
        "From": sender,
        "To": dialled,
        "FromCity": "SAN FRANCISCO",
        **more,
    }
    return post_fields("out_of_session_callback", fields)


def interaction(name="interaction_callback", *, number=1, **changes):
    """One event of an interaction in a Session."""
    fields = {
        "interactionAccountSid": settings.TWILIO_ACCOUNT_SID,
        "interactionServiceSid": f"KS{0:032x}",
        "interactionSessionSid": f"KC{number:032x}",
        "interactionSid": f"KI{number:032x}",
        "interactionType": "Message",
        "interactionData": '{"body":"Is it still there?"}',
        "inboundResourceSid": f"SM{number:032x}",
        "inboundResourceStatus": "received",
        "outboundResourceStatus": "",
        **changes,
    }
    return post_fields(name, fields)
