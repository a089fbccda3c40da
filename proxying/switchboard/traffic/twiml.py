"""TwiML, as far as an answer out of session may use it, as a list of verbs that JSON can hold."""

from collections.abc import Mapping
from typing import Final, TypedDict
from xml.etree import ElementTree

from proxying.switchboard import alerts, webhooks

CONTENT_TYPES: Final = frozenset({"application/xml", "text/xml"})


class Verb(TypedDict):
    """One verb: its name, its attributes, and its text or that of the noun inside it."""

    name: str
    attributes: dict[str, str]
    text: str


class Unreadable(ValueError):
    """Not well-formed, or no ``<Response>``."""


def parse(body: bytes) -> list[Verb]:
    """The verbs of a document in their order, known or not; ``Unreadable`` when it is none."""
    if b"<!" in body.replace(b"<!--", b""):
        # No TwiML needs a document type, and entities can blow a small document up.
        raise Unreadable("document types and entities are not TwiML")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (entities are refused above)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise Unreadable("not well-formed XML") from error
    if root.tag != "Response":
        raise Unreadable("the document is no <Response>")
    return [
        Verb(
            name=element.tag,
            attributes=dict(element.attrib),
            text=" ".join("".join(element.itertext()).split()),
        )
        for element in root
        if isinstance(element.tag, str)
    ]


class NoDocument(Exception):
    """No TwiML was to be had. ``code`` is Twilio's error number, ``status`` HTTP's if any came."""

    def __init__(self, code: int, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.status = status


def fetch(url: str, fields: Mapping[str, str]) -> list[Verb]:
    """The document that *url* answers; ``NoDocument`` when it answers none."""
    try:
        answer = webhooks.post(url, fields)
    except webhooks.NoAnswer as failure:
        raise NoDocument(failure.code, str(failure)) from failure
    if not answer.ok:
        raise NoDocument(webhooks.RETRIEVAL_FAILED, "not answered 2xx", answer.status)
    if answer.content_type not in CONTENT_TYPES:
        raise NoDocument(alerts.INVALID_CONTENT_TYPE, "not of type XML", answer.status)
    try:
        return parse(answer.body)
    except Unreadable as error:
        raise NoDocument(alerts.TWIML_UNREADABLE, str(error), answer.status) from error


def seconds(verb: Verb, attribute: str, *, default: int, at_most: int) -> int:
    """A whole-second attribute; *default* where it is missing or nonsense."""
    value = verb["attributes"].get(attribute, "")
    return min(int(value), at_most) if value.isascii() and value.isdigit() else default
