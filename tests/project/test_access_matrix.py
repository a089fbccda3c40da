"""Whoever adds an address says who may use it; ``make storm`` then asks as everybody."""

from django.urls import path

from shoppingplace import urls
from tests.storm.access_rows import ADMIN_MODELS, ROWS, row_of
from tests.storm.url_table import addresses


def without_a_row(patterns=None):
    return [address.route for address in addresses(patterns) if row_of(address.route) is None]


def test_every_address_has_a_row():
    assert without_a_row() == []


def test_every_row_has_an_address():
    routes = {address.route for address in addresses()}
    models = {"/".join(route.split("/")[1:3]) for route in routes if route.startswith("admin/")}

    assert set(ROWS) - routes == set()
    assert ADMIN_MODELS - models == set()


def test_new_address_without_a_row_is_noticed():
    new = path("brand/new/", lambda request: None)

    assert "brand/new/" in without_a_row([*urls.urlpatterns, new])
