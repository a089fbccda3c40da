"""Errors as Twilio answers them: a number, a sentence, an HTTP status.

https://www.twilio.com/docs/api/errors lists the numbers.
"""

from enum import Enum
from http import HTTPStatus


class TwilioError(Exception):
    """A request refused. ``code`` is Twilio's error number, ``status`` HTTP's."""

    def __init__(self, code: int, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    @property
    def more_info(self) -> str:
        return f"https://www.twilio.com/docs/errors/{self.code}"


class InvalidParameter(TwilioError):
    """A form field that is missing, or no value of its kind."""

    def __init__(self, message: str) -> None:
        super().__init__(20001, message)


class NotFound(TwilioError):
    """No such resource."""

    def __init__(self, what: str) -> None:
        super().__init__(
            20404, f"The requested resource {what} was not found", HTTPStatus.NOT_FOUND
        )


class Rule(Enum):
    """Proxy's rules: the error number and the sentence for whoever breaks one."""

    NUMBER_IN_OTHER_SERVICE = 80101, "The phone number is already in another Proxy Service."
    IDENTIFIER_IN_SESSION = 80103, "The identifier is already a participant of this Session."
    NUMBER_IN_SERVICE = 80104, "The phone number is already in this Proxy Service."
    NO_VOICE_NUMBER = 80201, "The Service has no number with voice capability."
    NO_MESSAGE_NUMBER = 80202, "The Service has no number with messaging capability."
    NO_NUMBER_IN_COUNTRY = 80203, "The Service has no number in the participant's country."
    NO_NUMBERS = 80205, "The Service has no numbers."
    NO_COMPATIBLE_NUMBER = 80206, "No number of the Service is compatible with this participant."
    ONLY_RESERVED_NUMBERS = 80207, "Only reserved numbers are compatible with this participant."
    ALL_NUMBERS_IN_USE = (
        80208,
        "This participant uses all compatible numbers in other Sessions already.",
    )
    NUMBER_NOT_OURS = 80301, "The phone number does not belong to this account."
    NO_SUCH_UNIQUE_NAME = 80308, "There is no Session with this UniqueName."
    INVALID_IDENTIFIER = 80404, "The identifier is not a valid phone number in E.164 form."
    SERVICE_NAME_TAKEN = 80602, "Service UniqueName must be unique."
    SESSION_NAME_TAKEN = 80603, "Session UniqueName must be unique."
    PAIR_IN_USE = (
        80604,
        "The proxy identifier is in use with this identifier in another active Session.",
    )
    PROXY_NOT_IN_SERVICE = 80605, "The proxy identifier is not a number of this Service."
    PROXY_NOT_OURS = 80606, "The proxy identifier does not belong to this account."
    SESSION_CLOSED = 80607, "The Session is closed and cannot be changed."
    STATUS_CHANGE = 80608, "The Session cannot change to this status."
    TOO_MANY_PARTICIPANTS = 80609, "A Session cannot have more than two participants."
    NUMBER_IN_USE = 80611, "The phone number is used in an active Session."
    PARTICIPANT_REMOVED = 80612, "The identifier was removed from this Session before."
    NO_PARTNER = 80614, "The participant has no partner in this Session."
    MODE_FORBIDS = 80616, "The Session's mode does not allow this."
    POOL_FULL = 80622, "The Service can take no more numbers of this kind."


class RuleBroken(TwilioError):
    """One of Proxy's rules was broken: always 400, but for a name that is not found."""

    def __init__(self, rule: Rule) -> None:
        code, sentence = rule.value
        missing = rule is Rule.NO_SUCH_UNIQUE_NAME
        super().__init__(
            code, sentence, HTTPStatus.NOT_FOUND if missing else HTTPStatus.BAD_REQUEST
        )
        self.rule = rule
