from django.apps import AppConfig


class ProxyingConfig(AppConfig):
    name = "proxying"

    def ready(self) -> None:
        from proxying import checks  # noqa: F401, PLC0415 (registers itself; models must be ready)
