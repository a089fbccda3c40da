from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProxyingConfig(AppConfig):
    name = "proxying"
    verbose_name = _("Proxying")

    def ready(self) -> None:
        # Here, since models must be ready; the checks register themselves.
        from proxying import checks, known_routes  # noqa: F401, PLC0415

        known_routes.connect()
