"""References in addresses, so that what cannot be one is no page at all."""

from django.urls import register_converter

from listings.models import REFERENCE_LENGTH


class ReferenceConverter:
    """Five letters and digits, in either case; the view gets capitals."""

    regex = rf"[0-9A-Za-z]{{{REFERENCE_LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value


register_converter(ReferenceConverter, "reference")
