"""A seller reads why buyers see nothing, and what to do about it."""

import pytest
from django.conf import settings
from django.utils import timezone

from proxying.models import Seller
from tests.listings.factories import ListingFactory

pytestmark = pytest.mark.django_db

WHY = "Sold a bicycle that was not his."


@pytest.mark.parametrize(
    "page", ["/my/listings/", "/desk/", "/seller/number/", "/my/listings/{reference}/edit/"]
)
def test_suspended_seller_reads_why(toms_browser, tom, page):
    listing = ListingFactory(seller=tom)
    Seller.objects.update(suspended_at=timezone.now(), suspended_reason=WHY)

    answer = toms_browser.get(page.format(reference=listing.reference)).content.decode()

    assert WHY in answer
    assert f"mailto:{settings.DEFAULT_FROM_EMAIL.split('<')[1].strip('>')}" in answer


@pytest.mark.parametrize("page", ["/my/listings/", "/my/listings/{reference}/edit/"])
def test_seller_of_a_hidden_listing_reads_why(toms_browser, tom, page):
    listing = ListingFactory(seller=tom, hidden_at=timezone.now(), hidden_reason=WHY)

    answer = toms_browser.get(page.format(reference=listing.reference)).content.decode()

    assert WHY in answer
    assert f"name {listing.reference}" in answer


def test_seller_in_good_standing_reads_of_no_reason(toms_browser, tom):
    ListingFactory(seller=tom)

    for page in ("/my/listings/", "/desk/", "/seller/number/"):
        assert "The reason our staff gave" not in toms_browser.get(page).content.decode()
