"""The API's document: it is valid, and no list in it or in an answer has a phone number."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import get_resolver

from listings.models import Favourite, Purchase
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import TOMS_NUMBER, TOMS_PHONE

A_NUMBER = re.compile(r"\+1\d{10}")


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    out = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command(
        "spectacular",
        validate=True,
        fail_on_warn=True,
        format="openapi-json",
        file=str(out),
        skip_checks=True,
    )
    return json.loads(out.read_text())


def names_in(document, schema):
    """Every property that an answer of *schema* may have, however deep."""
    if isinstance(schema, list):
        return {name for one in schema for name in names_in(document, one)}
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return names_in(document, document["components"]["schemas"][name])
    inside = {name for one in schema.values() for name in names_in(document, one)}
    return inside | set(schema.get("properties", ()))


def test_every_address_is_in_the_document(document):
    known = {
        "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", pattern).replace("{pk}", "{id}")
        for pattern in map(str, (p.pattern for p in get_resolver("listings.api.urls").url_patterns))
    }
    assert known - {"/api/v1/schema/"} == set(document["paths"]) - {"/api/v1/schema/"}


def test_every_operation_says_how_it_goes_wrong(document):
    for path in document["paths"].values():
        for operation in path.values():
            assert "429" in operation["responses"]
            assert operation["summary"]
            if {} not in operation["security"]:
                assert "401" in operation["responses"]


def test_only_the_detail_has_a_phone_number(document):
    carrying = {
        path
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for answer in operation["responses"].values()
        if {n for n in names_in(document, answer) if "phone" in n} - {"has_verified_phone"}
    }
    assert carrying == {"/api/v1/listings/{reference}/"}


def test_no_answer_but_the_detail_has_a_number_in_it(anybody, toms, bobs, bob, tom):
    listing = ListingFactory(seller=tom)
    add_photo(listing)
    Favourite.objects.create(user=bob, listing=listing)
    purchase = Purchase.objects.create(listing=listing, buyer=bob, buyer_name="Bob", price=1)
    addresses = [
        "listings/",
        "listings/?q=oak",
        f"sellers/{tom.pk}/",
        f"sellers/{tom.pk}/listings/",
        "categories/",
        "my/listings/",
        f"my/listings/{listing.reference}/",
        "favourites/",
        "purchases/",
        f"purchases/{purchase.pk}/",
    ]
    for client in (anybody, toms, bobs):
        for address in addresses:
            text = client.get(f"/api/v1/{address}").content.decode()
            assert not A_NUMBER.search(text)
            assert TOMS_NUMBER[2:] not in text
            assert TOMS_PHONE[2:] not in text


def test_document_is_served_to_anybody(anybody, db):
    answer = anybody.get("/api/v1/schema/")
    assert answer.status_code == 200
    assert "openapi" in answer.content.decode()
