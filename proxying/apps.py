from django.apps import AppConfig


class ProxyingConfig(AppConfig):
    name = "proxying"
