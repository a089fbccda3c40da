"""Whatever is sent, the answer is the API's own, and never a 500."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from listings.models import Purchase
from tests.listings.factories import ListingFactory, add_photo

NASTY = st.sampled_from(
    ["\0", "a\0b", "\ud800", "é", "9" * 5000, "-1", "1e999", "NaN", "' OR 1=1--", "%00", "[]", ""]
)
VALUES = st.recursive(
    NASTY | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3),
    max_leaves=5,
)
NAMES = (
    "title description price is_negotiable category condition place state sold_where turn "
    "listing buyer_name note days stars comment photo"
)
FIELDS = st.dictionaries(st.sampled_from(NAMES.split()) | NASTY, VALUES, max_size=5)
FILTERS = "q category place km min max condition photos sold sort cursor limit format"
PARAMETERS = st.dictionaries(
    st.sampled_from(FILTERS.split()),
    NASTY.filter(lambda text: text != "\ud800") | st.text(max_size=20),
    max_size=4,
)
MANY = settings(max_examples=150)


@pytest.fixture
def addresses(tom, bob):
    listing = ListingFactory(seller=tom)
    draft = ListingFactory(seller=tom, draft=True)
    purchase = Purchase.objects.create(
        listing=ListingFactory(seller=tom), buyer=bob, buyer_name="Bob", price=1
    )
    mine = f"my/listings/{draft.reference}/"
    return [
        ("post", "my/listings/"),
        ("patch", mine),
        ("patch", f"my/listings/{listing.reference}/"),
        ("post", f"{mine}state/"),
        ("patch", f"{mine}photos/{add_photo(draft).pk}/"),
        ("post", f"{mine}photos/"),
        ("post", "purchases/"),
        ("post", f"purchases/{purchase.pk}/accept/"),
        ("post", f"purchases/{purchase.pk}/rate/"),
    ]


def well(answer):
    assert answer.status_code < 500, answer.content
    if answer.content:
        assert answer.headers["Content-Type"] == "application/json"
        json.loads(answer.content)
    return True


@MANY
@given(parameters=PARAMETERS)
def test_any_query_is_answered(db, parameters):
    ListingFactory()
    for address in ("listings/", "categories/"):
        assert well(APIClient().get(f"/api/v1/{address}", parameters))


@MANY
@given(body=FIELDS, data=st.data())
def test_any_json_is_answered(toms, addresses, body, data):
    method, address = data.draw(st.sampled_from(addresses))
    sent = json.dumps(body)
    assert well(getattr(toms, method)(f"/api/v1/{address}", sent, content_type="application/json"))


@MANY
@given(body=st.binary(max_size=200), data=st.data())
def test_any_bytes_are_answered(toms, addresses, body, data):
    method, address = data.draw(st.sampled_from(addresses))
    kind = data.draw(
        st.sampled_from(
            [
                "application/json",
                "application/json; charset=utf-16",
                "application/json; charset=hex",
                "multipart/form-data",
                "multipart/form-data; boundary=x",
                "text/plain",
                "x",
                "",
            ]
        )
    )
    assert well(toms.generic(method.upper(), f"/api/v1/{address}", body, content_type=kind))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[" * 100_000, 400),
        ('{"a":' * 5000 + "1" + "}" * 5000, 400),
        ("[]", 400),
        ("NaN", 400),
        ('{"title": ' + "9" * 5000 + "}", 400),
        (b"\xff\xfe", 400),
        ('{"title": "\\ud800"}', 400),
        ('{"title": "' + "a" * 300_000 + '"}', 413),
    ],
    ids=lambda value: str(value)[:20],
)
def test_unreadable_json_is_said_to_be_so(toms, body, code):
    answer = toms.post("/api/v1/my/listings/", body, content_type="application/json")
    assert answer.status_code == code
    assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("reference", ["%00%00%00%00%00", "AAAAA", "A" * 500, "é" * 5, "'--AA"])
def test_any_reference_is_answered(toms, reference):
    for address in ("listings", "my/listings", "favourites"):
        assert toms.get(f"/api/v1/{address}/{reference}/").status_code in {404, 405}


def test_post_without_a_kind_is_refused(toms, db):
    answer = toms.post("/api/v1/my/listings/", "title=a", content_type="text/plain")
    assert answer.status_code == 415
