"""JSON in, as far as a database can hold it."""

import json
from collections.abc import Mapping
from typing import IO, Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_BYTES: Final = 256 * 1024


class TooLarge(APIException):
    status_code = 413
    default_detail = format_lazy(_("A body has at most {size} KB."), size=MAX_BYTES // 1024)
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """A JSON object in UTF-8; 400 for anything else, 413 for more than 256 KB."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge
        try:
            fields = json.loads(body.decode(), parse_constant=_refuse)
            # JSON can spell half a character ("\\ud800"), which no database takes.
            json.dumps(fields, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ParseError(_("This is not valid JSON.")) from None
        if not isinstance(fields, dict):
            raise ParseError(_("The JSON must be an object."))
        return fields


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
