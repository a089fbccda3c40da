"""A person leaves: what is theirs is gone, what is another's stays."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from listings.models import Favourite, Listing, Notice, Photo, Purchase, SavedSearch
from proxying.models import ReservedNumber, Seller
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import TOMS_PHONE, UserFactory, beth

PASSWORD = "Loud-bell-54"


@pytest.fixture
def left_open(tom):
    """Tom's browser, logged in long ago."""
    tom.user.set_password(PASSWORD)
    tom.user.save()
    browser = Client()
    browser.force_login(tom.user)
    return browser


@pytest.fixture
def toms(left_open):
    """Tom's browser, the password typed just now."""
    left_open.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return left_open


@pytest.fixture
def bob(db):
    return UserFactory(username="bob", email="bob@example.com")


def delete(browser, typed="tom@example.com"):
    return browser.post("/account/delete/", {"email": typed})


def ask(listing, buyer, name, **states):
    return Purchase.objects.create(
        listing=listing, buyer=buyer, buyer_name=name, note="Please", price=240, **states
    )


def accepted():
    now = timezone.now()
    return {
        "state": Purchase.State.ACCEPTED,
        "accepted_at": now,
        "held_until": now + timedelta(days=3),
    }


def everything():
    """Every value in every table of ours and of the accounts, as text."""
    values = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in {"proxying", "listings", "account", "mfa", "auth", "knox"}:
                cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
                values += [str(value) for row in cursor.fetchall() for value in row]
    return values


def test_page_says_what_happens_to_the_number(toms, settings):
    settings.NUMBER_QUARANTINE_DAYS = 77

    page = toms.get("/account/delete/").content.decode()

    assert "For 77 days" in page
    assert "Your private number is erased at once." in page


def test_leaving_takes_everything_along(toms, tom, django_capture_on_commit_callbacks):
    table = ListingFactory(seller=tom)
    photo = add_photo(table)
    ListingFactory(seller=tom, draft=True)
    other = ListingFactory()
    Favourite.objects.create(user=tom.user, listing=other)
    SavedSearch.objects.create(user=tom.user, query="q=oak", name="Oak")
    EmailAddress.objects.create(user=tom.user, email=tom.user.email, verified=True)
    Authenticator.objects.create(user=tom.user, type="totp", data={})
    AuthToken.objects.create(user=tom.user)

    with django_capture_on_commit_callbacks(execute=True):
        answer = delete(toms)

    assert answer.url == "/"
    assert list(Listing.objects.all()) == [other]
    assert not default_storage.exists(photo.image.name)
    for model in (Photo, Favourite, SavedSearch, EmailAddress, Authenticator, AuthToken):
        assert not model.objects.exists()
    tom.user.refresh_from_db()
    assert not tom.user.is_active
    assert not tom.user.has_usable_password()


def test_leaving_names_the_person_in_no_table(toms, tom):
    index = tom.phone_number_index
    ask(ListingFactory(), tom.user, "Tom")
    ask(ListingFactory(seller=tom), UserFactory(), "Ann")
    assert index in everything()

    delete(toms)

    after = everything()
    assert index not in after
    assert not [value for value in after if "tom@example.com" in value or value in {"Tom", "tom"}]
    assert not [value for value in after if TOMS_PHONE in value]


def test_reserved_number_goes_into_quarantine(toms, tom):
    number = tom.reserved_number

    delete(toms)

    number.refresh_from_db()
    tom.refresh_from_db()
    assert number.status == ReservedNumber.Status.QUARANTINED
    assert tom.phone_number is None
    assert not Seller.objects.reachable().filter(pk=tom.pk).exists()


def test_buyer_of_a_leaving_seller_is_told(toms, tom, bob):
    purchase = ask(ListingFactory(seller=tom), bob, "Bob", **accepted())

    delete(toms)

    purchase.refresh_from_db()
    assert purchase.state == Purchase.State.CANCELLED
    assert "Oak table" in Notice.objects.get(user=bob).body


def test_seller_whose_buyer_leaves_is_told_and_sells_on(toms, tom):
    seller = beth()
    kettle = ListingFactory(seller=seller, state=Listing.State.RESERVED)
    purchase = ask(kettle, tom.user, "Tom", **accepted())

    delete(toms)

    purchase.refresh_from_db()
    kettle.refresh_from_db()
    assert (purchase.state, purchase.note) == (Purchase.State.CANCELLED, "")
    assert kettle.state == Listing.State.ACTIVE
    assert Notice.objects.filter(user=seller.user).count() == 1


def test_sold_listing_stays_as_a_shell(toms, tom, bob):
    now = timezone.now()
    table = ListingFactory(seller=tom, state=Listing.State.SOLD, sold_at=now)
    add_photo(table)
    done = {"buyer_confirmed_at": now, "seller_confirmed_at": now, "ended_at": now}
    purchase = ask(table, bob, "Bob", state=Purchase.State.COMPLETED, **done)

    delete(toms)

    table.refresh_from_db()
    purchase.refresh_from_db()
    assert (table.title, table.description) == ("Item of a former seller", "-")
    assert not table.photos.exists()
    assert not Listing.objects.public().exists()
    assert (purchase.state, purchase.buyer_name) == (Purchase.State.COMPLETED, "Bob")


def test_others_keep_what_is_theirs(toms, tom, bob):
    seller = beth()
    kettle = ListingFactory(seller=seller)
    Favourite.objects.create(user=bob, listing=kettle)
    purchase = ask(kettle, bob, "Bob")

    delete(toms)

    seller.refresh_from_db()
    purchase.refresh_from_db()
    assert seller.phone_number is not None
    assert seller.reserved_number.is_active
    assert purchase.state == Purchase.State.REQUESTED
    assert Favourite.objects.count() == 1
    assert Listing.objects.public().get() == kettle


@pytest.mark.parametrize("typed", ["", "bob@example.com", "tom", "\x00", "x" * 999])
def test_wrong_confirmation_changes_nothing(toms, tom, typed):
    ListingFactory(seller=tom)
    before = everything()

    answer = delete(toms, typed)

    assert answer.status_code == 200
    assert everything() == before


def test_open_browser_alone_deletes_nothing(left_open):
    answer = delete(left_open)

    assert answer.url.startswith("/accounts/reauthenticate/")
    assert Seller.objects.get().phone_number is not None


def test_deletion_goes_on_after_the_password(left_open, tom):
    to_password = delete(left_open).url

    left_open.post(to_password, {"password": PASSWORD, "next": "/account/delete/"})

    tom.refresh_from_db()
    assert tom.phone_number is None


def test_every_browser_is_logged_out(toms, tom):
    phone = Client()
    phone.force_login(tom.user)

    delete(toms)

    for browser in (toms, phone):
        assert browser.get("/my/listings/").url.startswith("/accounts/login/")


def test_address_can_sign_up_again(toms, client):
    delete(toms)

    client.post("/accounts/signup/", {"email": "tom@example.com", "password1": PASSWORD})

    assert client.get("/my/listings/").status_code == 200
