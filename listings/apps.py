from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "listings"

    def ready(self) -> None:
        # ruff: noqa: PLC0415 (models need the apps to be loaded)
        from django.contrib.auth.signals import user_logged_in

        from listings import reachability
        from listings.watching import favourites
        from proxying.reachability import reachability_changed

        reachability_changed.connect(reachability.follow)
        user_logged_in.connect(favourites.keep_after_login)
