from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProxyingConfig(AppConfig):
    name = "proxying"
    verbose_name = _("Proxying")

    def ready(self) -> None:
        from proxying import checks  # noqa: F401, PLC0415 (registers itself; models must be ready)
