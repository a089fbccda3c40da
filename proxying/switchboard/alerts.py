"""Notes for the operator: what Twilio's debugger shows when no answer could report it."""

from typing import Final, TypedDict, Unpack

from proxying.switchboard.models import Alert

POOL_NEARLY_FULL: Final = 80624
STOP_WORD_DROPPED: Final = 80901
CALL_WITHOUT_SESSION: Final = 80902
SESSION_EXPIRED: Final = 80904
NO_ROUTE: Final = 80905
BLOCKED_BY_INTERCEPT: Final = 80909
MESSAGE_INTO_VOICE_ONLY: Final = 80910
CALL_INTO_MESSAGE_ONLY: Final = 80911
OUT_OF_SESSION_REFUSED: Final = 80913
MESSAGE_LOOP: Final = 14107
INVALID_CALLER_ID: Final = 13214
INVALID_NUMBER: Final = 13224
UNKNOWN_VERB: Final = 12200
TWIML_UNREADABLE: Final = 12100
INVALID_CONTENT_TYPE: Final = 12300


class Details(TypedDict, total=False):
    """What the alert is about."""

    resource_sid: str
    service_sid: str
    request_url: str
    response_status: int | None


def raise_alert(code: int, text: str, **details: Unpack[Details]) -> Alert:
    """Note error *code* with a sentence. No phone numbers in it: operators share screens."""
    return Alert.objects.create(error_code=code, alert_text=text[:500], **details)
