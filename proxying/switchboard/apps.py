from django.apps import AppConfig


class SwitchboardConfig(AppConfig):
    name = "proxying.switchboard"
    label = "switchboard"
    verbose_name = "switchboard"

    def ready(self) -> None:
        from proxying.switchboard import checks  # noqa: F401, PLC0415 (registers them)
