"""Staff find listings, read them and take one off the market; they read people's records."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from listings.models import (
    Category,
    Listing,
    Notice,
    Photo,
    Purchase,
    Rating,
    Report,
    SavedSearch,
)
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo
from tests.proxying.factories import UserFactory

pytestmark = pytest.mark.django_db

LISTINGS = "/admin/listings/listing/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("words", ["oak", "K7Q2M", "Tom"])
def test_staff_find_a_listing_by_title_reference_and_seller(admin, tom, words):
    ListingFactory(seller=tom, title="Oak table", reference="K7Q2M")
    ListingFactory(title="Guitar")

    found = admin.get(LISTINGS, {"q": words}).context["cl"].queryset

    assert [listing.title for listing in found] == ["Oak table"]


def test_queries_do_not_grow_with_the_list(admin, queries):
    ListingFactory()
    with_one = queries(admin, LISTINGS)
    ListingFactory()
    ListingFactory(category=CategoryFactory(slug="music", name="Music"))

    assert queries(admin, LISTINGS) == with_one


def test_staff_read_a_listing_with_its_photos(admin):
    photo = add_photo(ListingFactory())

    page = admin.get(f"{LISTINGS}{photo.listing_id}/change/").content.decode()

    assert photo.image.url in page
    assert photo.small.url in page


def test_list_shows_what_was_reported_and_hidden(admin):
    listing = ListingFactory(hidden_at="2026-01-01T00:00Z", hidden_reason="Copied")
    Report.objects.create(listing=listing, visitor="anon:1", reason="fraud")
    ListingFactory(title="Guitar")

    rows = admin.get(LISTINGS, {"hidden": "yes"}).context["cl"].result_list

    assert [(row.title, row.report_count) for row in rows] == [("Oak table", 1)]


def test_staff_pause_what_is_for_sale(admin):
    for_sale, sold = ListingFactory(), ListingFactory(state=Listing.State.SOLD)

    page = admin.post(
        LISTINGS, {"action": "pause", "_selected_action": [for_sale.pk, sold.pk]}, follow=True
    ).content.decode()

    assert "1 paused." in page
    assert set(Listing.objects.values_list("state", flat=True)) == {"paused", "sold"}


def test_staff_cannot_empty_a_published_listing(admin):
    listing = ListingFactory()
    form = {
        "seller": listing.seller_id,
        "title": "Oak table",
        "description": "",
        "price": "240",
        "category": listing.category_id,
        "condition": "good",
        "place": "San Rafael",
        "photos-TOTAL_FORMS": "0",
        "photos-INITIAL_FORMS": "0",
    }

    page = admin.post(f"{LISTINGS}{listing.pk}/change/", form).content.decode()

    assert "Only a draft may be incomplete." in page
    assert Listing.objects.get().description


# Categories


def test_categories_are_listed_as_the_tree_they_are(admin):
    home = Category.objects.create(name="Home", slug="home", position=1)
    Category.objects.create(name="Sport", slug="sport", position=2)
    Category.objects.create(name="Tables", slug="tables", position=9, parent=home)
    Category.objects.create(name="Chairs", slug="chairs", position=3, parent=home)

    page = admin.get("/admin/listings/category/")

    names = [category.name for category in page.context["cl"].result_list]
    assert names == ["Home", "Chairs", "Tables", "Sport"]
    assert '<span class="category-leaf">Chairs</span>' in page.text


def test_only_branches_are_offered_as_parents(admin):
    home = Category.objects.create(name="Home", slug="home")
    Category.objects.create(name="Tables", slug="tables", parent=home)

    form = admin.get("/admin/listings/category/add/").context["adminform"].form

    assert [parent.name for parent in form.fields["parent"].queryset] == ["Home"]


# Duplicates


def alike(title, seller=None, **fields):
    more = {"seller": seller} if seller else {}
    return ListingFactory(title=title, **more, **fields)


def groups(admin, kind):
    shown = admin.get(f"{LISTINGS}duplicates/").context[kind]
    return [(group.total, {listing.pk for listing in group.listings}) for group in shown]


def test_same_words_of_two_sellers_are_one_group(admin, tom):
    first, second = alike("Oak table", tom), alike("Oak table")
    alike("Oak table", description="Another one.")
    alike("Guitar", description="Red.")

    assert groups(admin, "by_words") == [(2, {first.pk, second.pk})]


def test_same_words_of_one_seller_are_none(admin, tom):
    alike("Oak table", tom)
    alike("Oak table", tom)

    assert groups(admin, "by_words") == []


def test_what_is_not_for_sale_is_no_duplicate(admin, tom):
    alike("Oak table", tom, state=Listing.State.SOLD)
    alike("Oak table")

    assert groups(admin, "by_words") == []


def test_same_picture_of_two_sellers_is_one_group(admin, tom):
    first, second = alike("Oak table", tom), alike("Another title")
    for listing in (first, first, second):
        add_photo(listing)
    Photo.objects.update(fingerprint=-77)
    other = add_photo(alike("Guitar"))
    Photo.objects.filter(pk=other.pk).update(fingerprint=78)

    assert groups(admin, "by_picture") == [(2, {first.pk, second.pk})]


def test_photo_without_a_fingerprint_is_no_duplicate(admin):
    add_photo(alike("Oak table"))
    add_photo(alike("Guitar"))
    Photo.objects.update(fingerprint=None)

    assert groups(admin, "by_picture") == []


def test_large_group_shows_its_first_few(admin):
    for _ in range(12):
        alike("Oak table")

    ((total, shown),) = groups(admin, "by_words")

    assert (total, len(shown)) == (12, 10)


def test_queries_of_the_duplicates_do_not_grow(admin, queries):
    for title in ("Oak table", "Oak table"):
        add_photo(alike(title))
    with_one = queries(admin, f"{LISTINGS}duplicates/")
    for title in ("Guitar", "Guitar", "Lamp", "Lamp"):
        add_photo(alike(title, description=title))

    assert queries(admin, f"{LISTINGS}duplicates/") == with_one


# People's records


@pytest.fixture
def purchase(tom):
    listing = ListingFactory(seller=tom)
    bought = Purchase.objects.create(
        listing=listing,
        buyer=UserFactory(username="bob"),
        buyer_name="Bob",
        note="Call me: +1 415 111 5555",
        price=200,
        state=Purchase.State.COMPLETED,
        buyer_confirmed_at="2026-01-01T00:00Z",
        seller_confirmed_at="2026-01-01T00:00Z",
    )
    Rating.objects.create(purchase=bought, by_buyer=True, stars=4, comment="Friendly")
    return bought


def test_staff_read_a_purchase_without_the_number_in_its_note(admin, purchase):
    page = admin.get(f"/admin/listings/purchase/{purchase.pk}/change/").text

    assert "Call me:" in page
    assert "111 5555" not in page


def test_staff_read_a_mail_and_never_its_link_to_unsubscribe(admin, tom):
    notice = Notice.objects.create(
        user=tom.user, subject="News", body="Two new tables", unsubscribe_url="/u/secret-token/"
    )

    page = admin.get(f"/admin/listings/notice/{notice.pk}/change/").text

    assert "Two new tables" in page
    assert "secret-token" not in page


@pytest.mark.parametrize("model", ["purchase", "rating", "savedsearch", "notice", "sellerhistory"])
def test_records_are_only_read(admin, purchase, model):
    SavedSearch.objects.create(user=purchase.buyer, query="q=table", name="Tables")
    Notice.objects.create(user=purchase.buyer, subject="News", body="-")
    rows = admin.get(f"/admin/listings/{model}/").context["cl"].result_list

    assert admin.get(f"/admin/listings/{model}/add/").status_code == 403
    for action in ("change", "delete"):
        address = f"/admin/listings/{model}/{rows[0].pk}/{action}/"
        assert admin.post(address, {"post": "yes"}).status_code == 403


def test_sellers_history_tells_what_happened(admin, tom, purchase):
    hidden = ListingFactory(seller=tom, title="Lamp", hidden_at="2026-01-01T00:00Z")
    Report.objects.create(listing=hidden, visitor="anon:1", reason="fraud", outcome="hidden")

    page = admin.get(f"/admin/listings/sellerhistory/{tom.pk}/change/").text

    for line in ("Items: 2", "Hidden by staff: 1", "Purchases completed: 1", "Mean rating: 4.0"):
        assert line in page
    assert f"/admin/listings/reportedlisting/{hidden.pk}/change/" in page


def test_sellers_page_leads_to_the_history(admin, tom):
    page = admin.get(f"/admin/proxying/seller/{tom.pk}/change/").text

    assert f"/admin/listings/sellerhistory/{tom.pk}/change/" in page


@pytest.mark.parametrize("model", ["purchase", "rating", "sellerhistory"])
def test_queries_of_records_do_not_grow(admin, queries, purchase, model):
    with_one = queries(admin, f"/admin/listings/{model}/")
    for _ in range(2):
        bought = Purchase.objects.create(
            listing=ListingFactory(), buyer=UserFactory(), buyer_name="Una", price=1
        )
        Rating.objects.create(purchase=bought, by_buyer=False, stars=5)

    assert queries(admin, f"/admin/listings/{model}/") == with_one


def test_staff_see_only_what_they_may(tom):
    client = Client()
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_category"))
    client.force_login(staff)

    for page in ("duplicates/", ""):
        assert client.get(LISTINGS + page).status_code == 403
    assert client.get(f"/admin/listings/sellerhistory/{tom.pk}/change/").status_code == 403
