"""OUT: everything we ask of Twilio, one function a remote call.

Each function may raise ``TwilioUnavailable`` (try again later; nothing is known about
whether a request that changes something took effect) or ``TwilioRefused`` (an answer, and
it is no). Error texts are redacted: Twilio quotes numbers in its messages.

``TWILIO_BASE_URL`` says which Twilio: the real one, or a switchboard that speaks its API.
"""

from proxying.twilio_client.errors import (
    ALREADY_IN_THIS_SERVICE,
    NO_TEXTS_TO_THIS_PHONE,
    NOT_FOUND,
    NUMBER_NOT_FOR_SALE,
    SESSION_ALREADY_CLOSED,
    SESSION_NAME_TAKEN,
    TOO_MANY_CHECKS,
    TOO_MANY_FOR_A_PHONE,
    TOO_MANY_SENDS,
    HttpInsideTransaction,
    TwilioRefused,
    TwilioUnavailable,
)
from proxying.twilio_client.messages import (
    ReceivedText,
    delete_record,
    find_received_text,
    find_texts,
    send_text,
)
from proxying.twilio_client.numbers import (
    OwnedNumber,
    buy,
    fetch_owned,
    find_owned,
    give_back,
    list_owned,
    search_for_sale,
)
from proxying.twilio_client.services import (
    CallbackUrls,
    ProxyServiceConfiguration,
    ServiceNumber,
    add_to_service,
    create_proxy_service,
    fetch_proxy_service,
    find_proxy_service,
    list_service_numbers,
    mark_reserved,
    remove_from_service,
    update_proxy_service,
)
from proxying.twilio_client.sessions import (
    SessionText,
    close_session,
    create_session,
    delete_session,
    find_session,
    find_sessions,
    is_session_open,
    participants,
    records_of_session,
    text_in_session,
    texts_in_session,
)
from proxying.twilio_client.verify import is_code_right, line_type, send_code

__all__ = [
    "ALREADY_IN_THIS_SERVICE",
    "NOT_FOUND",
    "NO_TEXTS_TO_THIS_PHONE",
    "NUMBER_NOT_FOR_SALE",
    "SESSION_ALREADY_CLOSED",
    "SESSION_NAME_TAKEN",
    "TOO_MANY_CHECKS",
    "TOO_MANY_FOR_A_PHONE",
    "TOO_MANY_SENDS",
    "CallbackUrls",
    "HttpInsideTransaction",
    "OwnedNumber",
    "ProxyServiceConfiguration",
    "ReceivedText",
    "ServiceNumber",
    "SessionText",
    "TwilioRefused",
    "TwilioUnavailable",
    "add_to_service",
    "buy",
    "close_session",
    "create_proxy_service",
    "create_session",
    "delete_record",
    "delete_session",
    "fetch_owned",
    "fetch_proxy_service",
    "find_owned",
    "find_proxy_service",
    "find_received_text",
    "find_session",
    "find_sessions",
    "find_texts",
    "give_back",
    "is_code_right",
    "is_session_open",
    "line_type",
    "list_owned",
    "list_service_numbers",
    "mark_reserved",
    "participants",
    "records_of_session",
    "remove_from_service",
    "search_for_sale",
    "send_code",
    "send_text",
    "text_in_session",
    "texts_in_session",
    "update_proxy_service",
]
