"""Every page of Django's admin that staff can open: ours, and the lists that Django makes."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from playwright.sync_api import Page

from listings.models import ReportedListing
from tests.journeys.pages import STAFF, Row, World, sent_empty


def reported(_world: World) -> tuple[Any, ...]:
    return (ReportedListing.objects.filter(reports__isnull=False).earliest("pk").pk,)


def tom(world: World) -> tuple[Any, ...]:
    return (world.tom.pk,)


def himself(_world: World) -> tuple[Any, ...]:
    return (User.objects.get(email=STAFF).pk,)


def asked_to_hide(page: Page) -> None:
    page.get_by_label("Reason").fill("It is sold elsewhere.")
    page.get_by_role("button", name="Hide the item").click()
    page.get_by_role("button", name="No, take me back").wait_for()


OUR_STAFF_PAGES: Final = (
    Row("admin:index", STAFF),
    Row("setup", STAFF),
    Row("capacity", STAFF),
    Row("admin:listings_reportedlisting_changelist", STAFF),
    Row("admin:listings_reportedlisting_change", STAFF, reported),
    Row("admin:listings_reportedlisting_change", STAFF, reported, do=sent_empty),
    Row("admin:listings_reportedlisting_change", STAFF, reported, do=asked_to_hide),
    Row("admin:listings_duplicates", STAFF),
    Row("admin:listings_sellerhistory_changelist", STAFF),
    Row("admin:listings_sellerhistory_change", STAFF, tom),
    Row("admin:proxying_seller_changelist", STAFF),
    Row("admin:proxying_seller_change", STAFF, tom),
    Row("admin:proxying_seller_reveal", STAFF, tom),
    Row("admin:proxying_seller_reveal", STAFF, tom, do=sent_empty),
    Row("admin:proxying_seller_by_phone", STAFF),
    Row("admin:proxying_seller_by_phone", STAFF, do=sent_empty),
)
DJANGOS_PAGES: Final = (
    Row("admin:app_list", STAFF, lambda _world: ("listings",)),
    Row("admin:password_change", STAFF),
    Row("admin:password_change", STAFF, do=sent_empty),
    Row("admin:password_change_done", STAFF),
    Row("admin:auth_user_password_change", STAFF, himself),
)
NO_STAFF_PAGE: Final = {
    "admin:login",  # leads to the log-in of everybody
    "admin:logout",  # only posted to
    "admin:listings_reportedlisting_decide",  # only posted to, from the item's page
    "admin:view_on_site",  # leads to another page
    "admin:autocomplete",
    "admin:jsi18n",
}
# Made by Django for each model; the last three, alike for all, are looked at for one of ours.
FOR_EACH_MODEL: Final = ("_changelist", "_change", "_add", "_delete", "_history")


def for_each_model() -> Iterator[Row]:
    """The list of each model, and its newest row; of ours there must be one."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(email=STAFF)
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        newest = model_admin.get_queryset(request).order_by("-pk").first()
        yield Row(f"{name}_changelist", STAFF)
        if newest:
            yield _one(f"{name}_change", newest)
        else:
            assert model._meta.app_label == "switchboard", f"no {model._meta.verbose_name}"
        if name == "admin:listings_category":
            yield Row(f"{name}_add", STAFF)
            yield from (_one(f"{name}{page}", newest) for page in ("_delete", "_history"))


def _one(name: str, thing: Any) -> Row:
    return Row(name, STAFF, lambda _world: (thing.pk,))
