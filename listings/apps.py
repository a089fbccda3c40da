from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ListingsConfig(AppConfig):
    name = "listings"
    verbose_name = _("Listings")

    def ready(self) -> None:
        # ruff: noqa: PLC0415 (models need the apps to be loaded)
        from django.contrib.auth.signals import user_logged_in

        from listings import reachability
        from listings.account import telling
        from listings.watching import favourites
        from proxying.reachability import (
            number_lost,
            phone_changed,
            reachability_changed,
            suspended,
        )

        reachability_changed.connect(reachability.follow)
        phone_changed.connect(telling.phone_changed)
        suspended.connect(telling.suspended)
        number_lost.connect(telling.number_lost)
        user_logged_in.connect(favourites.keep_after_login)
