from django.apps import AppConfig


class SwitchboardConfig(AppConfig):
    name = "proxying.switchboard"
    label = "switchboard"
    verbose_name = "switchboard"
