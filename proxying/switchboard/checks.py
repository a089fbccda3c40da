"""What must not be so in production."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.translation import gettext as _


@register(Tags.security, deploy=True)
def virtual_carrier_is_off(**kwargs: Any) -> list[CheckMessage]:
    """The phones in the browser belong to nobody: whoever finds the page reads and sends."""
    if not settings.SWITCHBOARD_VIRTUAL_CARRIER:
        return []
    return [
        Error(
            _(
                "The virtual carrier is on:"
                " anybody can read and send texts at /switchboard/phones/."
            ),
            hint=_("Unset SWITCHBOARD_VIRTUAL_CARRIER in production."),
            id="switchboard.E001",
        )
    ]


@register()
def webhooks_can_be_signed(**kwargs: Any) -> list[CheckMessage]:
    """The switchboard signs under the account's newest auth token; it cannot without one."""
    if not settings.SWITCHBOARD or (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKENS):
        return []
    return [
        Error(
            _("The switchboard is on, but there is no account for its API and webhooks."),
            hint=_("Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to values of your own making."),
            id="switchboard.E002",
        )
    ]
