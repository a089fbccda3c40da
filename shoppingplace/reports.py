"""Reports of errors, such as the page of ``DEBUG``: where it broke, never with what.

Nothing of ours mails them; a handler that does would mail these. Django's own show every
variable of every frame, what was posted and the settings, and hide what has a telling name.
A private number has none: here it lies in ``to``, there in ``value``.
"""

from collections.abc import ItemsView
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from proxying.phone_numbers import redact


class NoValues(SafeExceptionReporterFilter):
    """No variables, nothing that was posted, no settings."""

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        return dict[str, Any]().items()

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}

    def get_safe_settings(self) -> dict[str, Any]:
        return {}


class Report(ExceptionReporter):
    """Numbers that an error's own text or an address quotes are redacted."""

    def get_traceback_html(self) -> SafeString:
        return SafeString(redact(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(redact(super().get_traceback_text()))
