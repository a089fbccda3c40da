from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SwitchboardConfig(AppConfig):
    name = "proxying.switchboard"
    label = "switchboard"
    verbose_name = _("switchboard")

    def ready(self) -> None:
        from proxying.switchboard import checks  # noqa: F401, PLC0415 (registers them)
