from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "listings"

    def ready(self) -> None:
        from listings import reachability  # noqa: PLC0415 (models need the apps to be loaded)
        from proxying.reachability import reachability_changed  # noqa: PLC0415 (the same)

        reachability_changed.connect(reachability.follow)
