"""What Twilio says no with, and what we make of it."""

from proxying.phone_numbers import redact

# https://www.twilio.com/docs/api/errors
NUMBER_NOT_FOR_SALE = frozenset({21421, 21422})
ALREADY_IN_THIS_SERVICE = 80104
SESSION_NAME_TAKEN = 80603
SESSION_ALREADY_CLOSED = frozenset({80607, 80608})
# Verify's limits for one phone: 429 like our own, but trying again does not help.
TOO_MANY_CHECKS = 60202
TOO_MANY_SENDS = frozenset({60203, 60207, 60212})
TOO_MANY_FOR_A_PHONE = TOO_MANY_SENDS | {TOO_MANY_CHECKS}
# Not a number, opted out, not reachable from ours, no mobile, a landline.
NO_TEXTS_TO_THIS_PHONE = frozenset({21211, 21610, 21612, 21614, 21635})
NOT_FOUND = 404


class TwilioUnavailable(Exception):
    """Twilio is away, slow or busy (timeout, 408, 429, 5xx): worth another try.

    Not before *retry_after* seconds, where Twilio says how long it wants to be left alone.
    """

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TwilioRefused(Exception):
    """Twilio's answer is no. *code* is from its error dictionary, *status* is HTTP's."""

    def __init__(self, message: str, *, code: int | None, status: int) -> None:
        super().__init__(redact(f"{message} (Twilio error {code})"))
        self.code = code
        self.status = status


class HttpInsideTransaction(RuntimeError):
    """A request to Twilio while a transaction is open would hold its locks for seconds."""
