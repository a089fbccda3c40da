"""The seller posts, edits and closes; a stranger gets at nothing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from listings.models import Listing
from listings.selling.photos import MAX_PHOTOS
from proxying.models import ReservedNumber
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo, picture, upload
from tests.proxying.factories import ReservedNumberFactory, SellerFactory, UserFactory

pytestmark = pytest.mark.django_db

State = Listing.State


@pytest.fixture
def typed() -> dict[str, object]:
    return {
        "title": "Oak table",
        "description": "Solid oak, seats six.",
        "price": "$1,240.50",
        "category": CategoryFactory().pk,
        "condition": "good",
        "place": "San Rafael",
    }


def browser_of(seller) -> Client:
    client = Client()
    client.force_login(seller.user)
    return client


def errors(answer) -> dict[str, list[str]]:
    return dict(answer.context["form"].errors)


def test_posting_needs_a_log_in(client):
    assert client.get("/sell/")["Location"] == "/accounts/login/?next=/sell/"


def test_who_has_no_seller_yet_is_sent_to_the_phone_page_first():
    client = Client()
    client.force_login(UserFactory())

    assert client.get("/sell/")["Location"] == "/seller/phone/?next=%2Fsell%2F"


def test_published_listing_is_for_sale_with_its_pictures(toms_browser, tom, typed):
    photos = [upload(), upload(picture("PNG"), "side.png")]

    answer = toms_browser.post("/sell/", typed | {"photos": photos, "publish": "1"})

    listing = Listing.objects.public().get()
    assert answer["Location"] == listing.get_absolute_url()
    assert (listing.seller, listing.state, str(listing.price)) == (tom, State.ACTIVE, "1240.50")
    assert listing.photos.count() == 2


def test_publish_pressed_twice_posts_one_listing(toms_browser, typed):
    fields = typed | {"publish": "1"}
    first = toms_browser.post("/sell/", fields | {"photos": [upload()]})
    second = toms_browser.post("/sell/", fields | {"photos": [upload()]})

    assert Listing.objects.get().photos.count() == 1
    assert second["Location"] == first["Location"]


def test_like_thing_may_be_posted_when_it_is_another_or_later(toms_browser, typed):
    toms_browser.post("/sell/", typed)
    toms_browser.post("/sell/", typed | {"publish": "1"})
    toms_browser.post("/sell/", typed | {"description": "The second of two.", "publish": "1"})
    Listing.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    toms_browser.post("/sell/", typed | {"publish": "1"})

    assert Listing.objects.filter(state=State.ACTIVE).count() == 3


def test_draft_needs_no_more_than_a_title(toms_browser):
    toms_browser.post("/sell/", {"title": "Something"})

    listing = Listing.objects.get()
    assert (listing.title, listing.state, listing.price) == ("Something", State.DRAFT, None)


def test_publishing_half_written_says_beside_each_field_what_is_missing(toms_browser, typed):
    answer = toms_browser.post("/sell/", {"title": "Oak table", "publish": "1"})

    page = answer.content.decode()
    assert set(errors(answer)) == {"description", "price", "category", "condition", "place"}
    assert 'id="id_price_error"' in page
    assert 'aria-describedby="id_price_helptext id_price_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'value="Oak table"' in page
    assert not Listing.objects.exists()


@pytest.mark.parametrize(
    "price",
    ["-1", "a lot", "12.345", "12,50", "1.250,00", "123456789.00", "NaN", "1e5", "1e9", "$"],
)
def test_odd_price_is_refused_and_kept_as_typed(toms_browser, typed, price):
    answer = toms_browser.post("/sell/", typed | {"price": price, "publish": "1"})

    assert set(errors(answer)) == {"price"}
    assert f'value="{price}"' in answer.content.decode()


@pytest.mark.parametrize("field", ["title", "description", "place"])
@pytest.mark.parametrize("number", ["415-234-5555", "(415) 234 5555", "+14152345555"])
def test_phone_number_among_the_words_is_refused(toms_browser, typed, field, number):
    answer = toms_browser.post("/sell/", typed | {field: f"Call me, {number}", "publish": "1"})

    assert set(errors(answer)) == {field}
    assert not Listing.objects.exists()


def test_whole_price_is_shown_without_cents_in_the_form(toms_browser, tom):
    listing = ListingFactory(seller=tom, price=240)

    page = toms_browser.get(f"/my/listings/{listing.reference}/edit/").content.decode()

    assert 'name="price" value="240"' in page


def test_bad_picture_is_named_beside_its_field_and_words_are_kept(toms_browser, typed):
    photos = [upload(), upload(b"<svg onload='alert(1)'/>", "evil.svg.jpg")]

    answer = toms_browser.post("/sell/", typed | {"photos": photos, "publish": "1"})

    assert errors(answer) == {
        "photos": ["evil.svg.jpg: This is not a JPEG, PNG, WebP or HEIC picture."]
    }
    assert "Solid oak, seats six." in answer.content.decode()
    assert not Listing.objects.exists()


def test_more_pictures_than_there_is_room_for_are_refused(toms_browser, tom, typed):
    listing = ListingFactory(seller=tom)
    add_photo(listing)

    answer = toms_browser.post(
        f"/my/listings/{listing.reference}/edit/",
        typed | {"photos": [upload() for _ in range(MAX_PHOTOS)]},
    )

    assert errors(answer) == {"photos": ["A listing has room for 10 pictures, and this one has 1."]}


def test_listing_of_a_seller_with_no_proved_phone_is_kept_and_waits(typed):
    seller = SellerFactory(unverified=True)

    answer = browser_of(seller).post("/sell/", typed | {"publish": "1"})

    assert answer["Location"] == "/seller/phone/?next=%2Fmy%2Flistings%2F"
    assert Listing.objects.get().state == State.ACTIVE
    assert not Listing.objects.public().exists()


def test_listing_goes_live_by_itself_when_the_number_is_there(typed):
    number = ReservedNumberFactory(pending=True)
    client = browser_of(number.seller)
    client.post("/sell/", typed | {"publish": "1"})

    assert "Waiting for your number" in client.get("/my/listings/").content.decode()
    assert not Listing.objects.public().exists()

    number.delete()
    ReservedNumberFactory(seller=number.seller)

    assert Listing.objects.public().exists()
    assert "Waiting for your number" not in client.get("/my/listings/").content.decode()


def test_edit_changes_the_words_and_not_the_state(toms_browser, tom, typed):
    listing = ListingFactory(seller=tom, state=State.RESERVED)

    toms_browser.post(f"/my/listings/{listing.reference}/edit/", typed | {"title": "Big table"})

    listing.refresh_from_db()
    assert (listing.title, listing.state) == ("Big table", State.RESERVED)


def test_draft_is_finished_and_published(toms_browser, tom, typed):
    draft = ListingFactory(seller=tom, draft=True, price=None)

    toms_browser.post(f"/my/listings/{draft.reference}/edit/", typed | {"publish": "1"})

    assert list(Listing.objects.public()) == [draft]


def test_reference_seller_and_state_cannot_be_typed(toms_browser, typed):
    mallory = SellerFactory()

    toms_browser.post(
        "/sell/", typed | {"seller": mallory.pk, "reference": "AAAAA", "state": "sold"}
    )

    listing = Listing.objects.get()
    assert listing.seller != mallory
    assert (listing.reference != "AAAAA", listing.state) == (True, State.DRAFT)


@pytest.mark.parametrize("state", ["reserved", "sold", "paused"])
def test_seller_closes_a_listing(toms_browser, tom, state):
    listing = ListingFactory(seller=tom)

    toms_browser.post(f"/my/listings/{listing.reference}/state/", {"state": state})

    listing.refresh_from_db()
    assert listing.state == state


@pytest.mark.parametrize("state", ["draft", "nonsense", "", "ACTIVE"])
def test_unknown_state_is_not_found(toms_browser, tom, state):
    listing = ListingFactory(seller=tom)

    answer = toms_browser.post(f"/my/listings/{listing.reference}/state/", {"state": state})

    assert answer.status_code == 404
    assert Listing.objects.get().state == State.ACTIVE


def test_state_that_does_not_follow_is_said_and_changes_nothing(toms_browser, tom):
    listing = ListingFactory(seller=tom, state=State.SOLD)

    answer = toms_browser.post(
        f"/my/listings/{listing.reference}/state/", {"state": "paused"}, follow=True
    )

    assert "“Oak table” is sold." in answer.content.decode()
    assert Listing.objects.get().state == State.SOLD


def test_half_written_draft_cannot_be_published_from_the_list(toms_browser, tom):
    draft = ListingFactory(seller=tom, draft=True, price=None)

    answer = toms_browser.post(f"/my/listings/{draft.reference}/state/", {"state": "active"})

    assert answer["Location"] == f"/my/listings/{draft.reference}/edit/"
    assert Listing.objects.get().state == State.DRAFT


def test_seller_deletes_a_picture(toms_browser, tom):
    photo = add_photo(ListingFactory(seller=tom))

    toms_browser.post(f"/my/listings/{photo.listing.reference}/photos/{photo.pk}/delete/")

    assert not photo.listing.photos.exists()


@pytest.mark.parametrize("path", ["edit/", "state/", "photos/{photo}/delete/"])
def test_mallory_gets_at_nothing_of_toms(mallorys_browser, tom, typed, path):
    photo = add_photo(ListingFactory(seller=tom))
    url = f"/my/listings/{photo.listing.reference}/" + path.format(photo=photo.pk)

    answer = mallorys_browser.post(url, typed | {"title": "Mine", "state": "sold"})

    listing = Listing.objects.get()
    assert answer.status_code == 404
    assert (listing.title, listing.state, listing.photos.count()) == ("Oak table", "active", 1)


def test_mallory_deletes_no_picture_through_a_listing_of_her_own(mallorys_browser, tom):
    photo = add_photo(ListingFactory(seller=tom))
    seller = ReservedNumber.objects.exclude(seller=tom).get().seller
    own = ListingFactory(seller=seller)

    answer = mallorys_browser.post(f"/my/listings/{own.reference}/photos/{photo.pk}/delete/")

    assert answer.status_code == 404
    assert photo.listing.photos.exists()


@pytest.mark.parametrize("path", ["edit/", "state/", "photos/{photo}/delete/"])
def test_who_is_not_logged_in_is_asked_to(client, tom, path):
    photo = add_photo(ListingFactory(seller=tom))
    url = f"/my/listings/{photo.listing.reference}/" + path.format(photo=photo.pk)

    assert client.post(url, {"state": "sold"})["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("path", ["state/", "photos/{photo}/delete/"])
def test_looking_changes_nothing(toms_browser, tom, path):
    photo = add_photo(ListingFactory(seller=tom))
    url = f"/my/listings/{photo.listing.reference}/" + path.format(photo=photo.pk)

    assert toms_browser.get(url, {"state": "sold"}).status_code == 405


def test_posting_needs_the_pages_own_token(tom, typed):
    client = Client(enforce_csrf_checks=True)
    client.force_login(tom.user)

    answer = client.post("/sell/", typed)

    assert answer.status_code == 403
    assert "This page waited too long" in answer.content.decode()


def test_my_listings_shows_mine_alone(toms_browser, tom):
    ListingFactory(seller=tom, title="Oak table")
    ListingFactory(title="Beth's armchair")

    page = toms_browser.get("/my/listings/").content.decode()

    assert "Oak table" in page
    assert "armchair" not in page


def test_queries_do_not_grow_with_my_listings(toms_browser, tom, queries):
    add_photo(ListingFactory(seller=tom))
    with_one = queries(toms_browser, "/my/listings/")
    for _ in range(2):
        add_photo(ListingFactory(seller=tom))

    assert queries(toms_browser, "/my/listings/") == with_one == 6


def test_queries_do_not_grow_with_pictures_in_the_form(toms_browser, tom, queries):
    listing = ListingFactory(seller=tom)
    add_photo(listing)
    with_one = queries(toms_browser, f"/my/listings/{listing.reference}/edit/")
    add_photo(listing)
    add_photo(listing)

    assert queries(toms_browser, f"/my/listings/{listing.reference}/edit/") == with_one == 5
