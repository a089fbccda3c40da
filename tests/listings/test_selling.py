"""The seller posts, edits and closes; a stranger gets at nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from listings import reachability
from listings.models import Listing
from listings.selling.photos import MAX_PHOTOS
from proxying.models import ReservedNumber, Seller
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo, picture, upload
from tests.proxying.factories import ReservedNumberFactory, SellerFactory, UserFactory

pytestmark = pytest.mark.django_db

State = Listing.State

# Of one listing. The first two may be looked at.
CHANGING = [
    "edit/",
    "sold/",
    "state/",
    "copy/",
    "delete/",
    "photos/{photo}/delete/",
    "photos/{photo}/move/",
    "photos/{photo}/turn/",
]


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


def test_who_has_only_an_account_posts_and_is_asked_for_the_phone_afterwards(typed):
    client = Client()
    client.force_login(UserFactory())
    assert client.get("/sell/").status_code == 200
    assert not Seller.objects.exists()

    answer = client.post("/sell/", typed | {"photos": [upload()], "publish": "1"})

    assert answer["Location"] == "/seller/phone/?next=%2Fmy%2Flistings%2F"
    listing = Listing.objects.get()
    assert (listing.title, listing.photos.count()) == ("Oak table", 1)
    assert not Listing.objects.public().exists()


def test_published_listing_is_for_sale_with_its_pictures(toms_browser, tom, typed):
    photos = [upload(), upload(picture("PNG"), "side.png")]

    answer = toms_browser.post("/sell/", typed | {"photos": photos, "publish": "1"})

    listing = Listing.objects.public().get()
    assert answer["Location"] == listing.get_absolute_url()
    assert (listing.seller, listing.state, str(listing.price)) == (tom, State.ACTIVE, "1240.50")
    assert listing.photos.count() == 2


def test_publish_pressed_twice_posts_one_listing(toms_browser, typed):
    new = toms_browser.get("/sell/").context["new"]
    fields = typed | {"new": new, "publish": "1"}
    first = toms_browser.post("/sell/", fields | {"photos": [upload()]})
    second = toms_browser.post("/sell/", fields | {"photos": [upload()]})

    assert Listing.objects.get().photos.count() == 1
    assert second["Location"] == first["Location"]


def test_form_reached_by_back_with_another_title_makes_another_listing(toms_browser, typed):
    new = toms_browser.get("/sell/").context["new"]
    for title in ("Oak table", "Oak chair"):
        toms_browser.post("/sell/", typed | {"new": new, "title": title, "publish": "1"})

    assert set(Listing.objects.values_list("title", flat=True)) == {"Oak table", "Oak chair"}


def test_mallory_reaches_no_draft_by_the_name_of_toms_form(mallorys_browser, toms_browser, typed):
    new = toms_browser.get("/sell/").context["new"]
    toms_browser.post("/sell/", typed | {"new": new})

    mallorys_browser.post("/sell/", typed | {"new": new, "description": "Mine now."})

    assert Listing.objects.get(seller__user__username="tom").description == "Solid oak, seats six."


def test_draft_saved_twice_with_pictures_has_each_once(toms_browser, tom):
    draft = ListingFactory(seller=tom, draft=True)
    for _ in range(2):
        toms_browser.post(
            f"/my/listings/{draft.reference}/edit/", {"title": "Oak", "photos": [upload()]}
        )

    assert draft.photos.count() == 1


def test_same_thing_is_not_offered_twice_at_once(toms_browser, typed):
    toms_browser.post("/sell/", typed | {"publish": "1"})
    first = Listing.objects.get()

    answer = toms_browser.post("/sell/", typed | {"publish": "1"})

    assert first.get_absolute_url() in answer.content.decode()
    assert Listing.objects.exclude(pk=first.pk).get().state == State.DRAFT
    Listing.objects.filter(pk=first.pk).update(state=State.SOLD)
    toms_browser.post("/sell/", typed | {"publish": "1"})
    assert Listing.objects.filter(state=State.ACTIVE).count() == 1


@pytest.mark.parametrize(("days", "limit"), [(6, 5), (8, 50)])
def test_new_listings_a_day_are_limited(toms_browser, tom, typed, days, limit):
    Seller.objects.update(phone_verified_at=timezone.now() - timedelta(days=days))
    for _ in range(limit - 1):
        ListingFactory(seller=tom, title="Another")

    toms_browser.post("/sell/", typed | {"publish": "1"})
    answer = toms_browser.post("/sell/", typed | {"title": "One more", "publish": "1"})

    assert Listing.objects.get(title="Oak table").state == State.ACTIVE
    assert Listing.objects.get(title="One more").state == State.DRAFT
    assert "kept as a draft" in answer.content.decode()


@pytest.mark.parametrize("fields", [{"title": "Something"}, {"description": "Old"}, {"price": "5"}])
def test_draft_may_lack_anything(toms_browser, fields):
    toms_browser.post("/sell/", fields)

    assert Listing.objects.get().state == State.DRAFT


def test_empty_form_makes_no_draft(toms_browser):
    answer = toms_browser.post("/sell/", {"title": "  "})

    assert "nothing to save" in answer.content.decode()
    assert not Listing.objects.exists()


@pytest.mark.parametrize(
    ("kind", "price", "is_negotiable"),
    [("fixed", "1240.50", False), ("negotiable", "1240.50", True), ("free", "0.00", False)],
)
def test_price_is_fixed_negotiable_or_none(toms_browser, typed, kind, price, is_negotiable):
    toms_browser.post("/sell/", typed | {"price_kind": kind, "publish": "1"})

    listing = Listing.objects.get()
    assert (str(listing.price), listing.is_negotiable) == (price, is_negotiable)
    form = toms_browser.get(f"/my/listings/{listing.reference}/edit/").context["form"]
    assert form["price_kind"].value() == kind


def test_nothing_need_be_typed_as_a_price_for_what_is_free(toms_browser, typed):
    toms_browser.post("/sell/", typed | {"price_kind": "free", "price": "", "publish": "1"})

    assert Listing.objects.get().price == 0


def test_town_is_kept_by_its_full_name_and_near_its_middle(toms_browser, typed):
    toms_browser.post("/sell/", typed | {"place": " san rafael ", "publish": "1"})

    listing = Listing.objects.get()
    assert listing.place == "San Rafael, CA"
    assert (round(listing.latitude), round(listing.longitude)) == (38, -123)


def test_position_is_chosen_anew_only_with_another_town(toms_browser, tom, typed):
    listing = ListingFactory(seller=tom)
    url = f"/my/listings/{listing.reference}/edit/"

    toms_browser.post(url, typed | {"place": "San Rafael, CA"})
    unmoved = Listing.objects.get().latitude
    toms_browser.post(url, typed | {"place": "Oakland, CA"})

    assert unmoved == listing.latitude
    assert round(Listing.objects.get().latitude, 1) in {37.7, 37.8, 37.9}


def test_unknown_town_is_answered_with_some_that_begin_so(toms_browser, typed):
    answer = toms_browser.post("/sell/", typed | {"place": "San Rafeal", "publish": "1"})

    assert "San Rafael, CA" in errors(answer)["place"][0]


@pytest.mark.parametrize("publish", [{}, {"publish": "1"}])
def test_unknown_town_comes_back_as_it_was_typed_and_is_not_lost(toms_browser, typed, publish):
    answer = toms_browser.post("/sell/", typed | {"place": "Nowhereville", **publish})
    assert errors(answer)["place"]

    draft = Listing.objects.get()
    page = toms_browser.get(f"/my/listings/{draft.reference}/edit/").content.decode()

    assert 'value="Nowhereville"' in page
    assert draft.state == State.DRAFT


def test_draft_with_an_unknown_town_is_not_published(toms_browser, typed):
    toms_browser.post("/sell/", typed | {"place": "Nowhereville"})
    draft = Listing.objects.get()

    answer = toms_browser.post(
        f"/my/listings/{draft.reference}/state/", {"state": "active"}, follow=True
    )

    draft.refresh_from_db()
    assert draft.state == State.DRAFT
    assert "needs a town that we know" in answer.content.decode()


def test_unknown_town_leaves_no_position_of_the_old_one(toms_browser, typed):
    toms_browser.post("/sell/", typed)
    draft = Listing.objects.get()
    assert draft.latitude is not None

    toms_browser.post(f"/my/listings/{draft.reference}/edit/", typed | {"place": "Nowhereville"})

    draft.refresh_from_db()
    assert (draft.place, draft.latitude, draft.longitude) == ("Nowhereville", None, None)


def test_publishing_half_written_says_beside_each_field_what_is_missing(toms_browser, typed):
    answer = toms_browser.post("/sell/", {"title": "Oak table", "publish": "1"})

    page = answer.content.decode()
    assert set(errors(answer)) == {"description", "price", "category", "condition", "place"}
    assert 'id="id_price_error"' in page
    assert 'aria-describedby="id_price_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'value="Oak table"' in page
    assert Listing.objects.get().state == State.DRAFT


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
    draft = Listing.objects.get()
    assert draft.state == State.DRAFT
    assert "5555" not in draft.title + draft.description + draft.place


def test_phone_number_is_removed_by_one_button_which_publishes_too(toms_browser, typed):
    said = "Solid oak. Call 415-234-5555 or tom@example.com, seats six."

    page = toms_browser.post("/sell/", typed | {"description": said, "publish": "1"})
    assert "“415-234-5555”, “tom@example.com”" in page.content.decode()
    assert 'name="remove_contact" value="publish"' in page.content.decode()
    toms_browser.post(
        f"/my/listings/{Listing.objects.get().reference}/edit/",
        typed | {"description": said, "remove_contact": "publish"},
    )

    listing = Listing.objects.get()
    assert listing.description == "Solid oak. Call or, seats six."
    assert listing.state == State.ACTIVE


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
    draft = Listing.objects.get()
    assert (draft.state, draft.description) == (State.DRAFT, "Solid oak, seats six.")
    assert draft.photos.count() == 1


def test_pictures_that_have_no_room_are_said(toms_browser, tom, typed):
    listing = ListingFactory(seller=tom)
    add_photo(listing)

    answer = toms_browser.post(
        f"/my/listings/{listing.reference}/edit/",
        typed | {"photos": [upload(picture(size=(40, 30 + n))) for n in range(MAX_PHOTOS)]},
    )

    assert errors(answer) == {"photos": ["A listing has room for 10 pictures; 1 had none."]}
    assert listing.photos.count() == MAX_PHOTOS


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
    reachability.follow_all()

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


@pytest.mark.parametrize("path", CHANGING)
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


@pytest.mark.parametrize("path", CHANGING)
def test_who_is_not_logged_in_is_asked_to(client, tom, path):
    photo = add_photo(ListingFactory(seller=tom))
    url = f"/my/listings/{photo.listing.reference}/" + path.format(photo=photo.pk)

    assert client.post(url, {"state": "sold"})["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("path", CHANGING[2:])
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

    assert queries(toms_browser, "/my/listings/") == with_one == 9


def test_queries_do_not_grow_with_pictures_in_the_form(toms_browser, tom, queries):
    listing = ListingFactory(seller=tom)
    add_photo(listing)
    with_one = queries(toms_browser, f"/my/listings/{listing.reference}/edit/")
    add_photo(listing)
    add_photo(listing)

    assert queries(toms_browser, f"/my/listings/{listing.reference}/edit/") == with_one == 5


@pytest.mark.parametrize("action", ["move", "turn", "delete"])
def test_what_is_typed_in_a_draft_is_kept_when_a_picture_is_changed(toms_browser, tom, action):
    photo = add_photo(ListingFactory(seller=tom, draft=True))
    url = f"/my/listings/{photo.listing.reference}/photos/{photo.pk}/{action}/"

    toms_browser.post(url, {"title": "Half a ti", "way": "left", "to": "later"})

    assert Listing.objects.get().title == "Half a ti"


def test_words_on_show_do_not_change_when_a_picture_is_turned(toms_browser, tom, typed):
    photo = add_photo(ListingFactory(seller=tom))
    url = f"/my/listings/{photo.listing.reference}/photos/{photo.pk}/turn/"

    answer = toms_browser.post(url, typed | {"title": "Half a ti", "way": "left"})

    assert 'value="Half a ti"' in answer.content.decode()
    assert Listing.objects.get().title == "Oak table"


@pytest.mark.parametrize("to", ["", "-1", "later", "99999999999999", "²", "up"])
def test_odd_place_for_a_picture_harms_nothing(toms_browser, tom, to):
    photo = add_photo(ListingFactory(seller=tom))
    url = f"/my/listings/{photo.listing.reference}/photos/{photo.pk}/move/"

    assert toms_browser.post(url, {"to": to}).status_code == 302


def test_reference_that_no_database_can_hold_is_not_found(toms_browser):
    assert toms_browser.get("/my/listings/%00/edit/").status_code == 404


def test_sale_is_one_tap_then_may_be_described_and_undone(toms_browser, tom):
    listing = ListingFactory(seller=tom)
    url = f"/my/listings/{listing.reference}/"

    sold = toms_browser.post(url + "state/", {"state": "sold"})
    assert sold["Location"] == url + "sold/"
    toms_browser.post(url + "sold/", {"sold_where": "elsewhere", "sold_price": "$200"})
    listing.refresh_from_db()
    assert (listing.state, listing.sold_where, listing.sold_price) == ("sold", "elsewhere", 200)

    toms_browser.post(url + "state/", {"state": "active"})
    listing.refresh_from_db()
    assert (listing.state, listing.sold_where, listing.sold_at) == ("active", "", None)


def test_copy_is_a_draft_with_files_of_its_own(toms_browser, tom):
    old = add_photo(ListingFactory(seller=tom, state=State.SOLD))

    toms_browser.post(f"/my/listings/{old.listing.reference}/copy/")

    copy = Listing.objects.get(state=State.DRAFT)
    assert (copy.title, copy.published_at) == ("Oak table", None)
    files = [photo.image.path for photo in (copy.photos.get(), old)]
    assert Path(files[0]).read_bytes() == Path(files[1]).read_bytes()
    assert copy.photos.get().image.name != old.image.name


@pytest.mark.parametrize(("state", "remains"), [("draft", False), ("active", True)])
def test_only_a_draft_is_deleted(toms_browser, tom, state, remains):
    listing = ListingFactory(seller=tom, state=state)

    toms_browser.post(f"/my/listings/{listing.reference}/delete/")

    assert Listing.objects.exists() is remains


def test_my_listings_are_shown_by_state_and_in_pages(toms_browser, tom):
    for n in range(21):
        ListingFactory(seller=tom, title=f"Table {n}")
    ListingFactory(seller=tom, title="Chair", state=State.PAUSED)

    paused = toms_browser.get("/my/listings/?state=paused").content.decode()
    assert ("Chair" in paused, "Table" in paused) == (True, False)
    assert len(toms_browser.get("/my/listings/?state=active&page=2").context["rows"]) == 1
    assert toms_browser.get("/my/listings/?state=%00&page=1e9").status_code == 200
