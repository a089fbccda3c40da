"""Near where: a town typed by hand, suggestions, and a wider circle."""

import pytest
from django.test import Client

from tests.listings.factories import ListingFactory

OAKLAND = {"latitude": 37.80, "longitude": -122.27, "place": "Oakland, CA"}


@pytest.mark.parametrize(
    ("typed", "first"), [("oak", "Oakland, CA"), ("san fr", "San Francisco, CA")]
)
def test_places_are_suggested_by_their_beginning(client: Client, typed, first):
    page = client.get("/places/", {"q": typed}).content.decode()

    assert page.index(f'<option value="{first}">') < 80


@pytest.mark.parametrize("typed", ["", "\0", "zzzzzz", "x" * 9999, '"><script>'])
def test_no_place_is_no_suggestion(client: Client, typed):
    answer = client.get("/places/", {"q": typed})

    assert answer.status_code == 200
    assert "<option" not in answer.content.decode()


@pytest.mark.django_db
def test_an_unknown_place_leads_to_those_like_it(client):
    ListingFactory()

    page = client.get("/?place=Oaklnd&q=oak").content.decode()

    assert "We left out the place" in page
    assert 'href="?place=Oakland%2C+CA&amp;q=oak"' in page


@pytest.mark.django_db
def test_cards_say_how_far(client):
    ListingFactory(**OAKLAND)

    assert "13 km" in client.get("/?place=San+Francisco").content.decode()
    assert "under 1 km" in client.get("/?place=Oakland").content.decode()
    assert "card__far" not in client.get("/").content.decode()


@pytest.mark.django_db
def test_few_results_offer_a_wider_circle(client):
    page = client.get("/?place=Oakland&km=50").content.decode()

    assert 'href="?km=100&amp;place=Oakland%2C+CA"' in page
    assert 'href="?km=any&amp;place=Oakland%2C+CA"' in page


@pytest.mark.django_db
def test_nearest_first_is_offered_with_a_place(client):
    assert "Nearest first" not in client.get("/").content.decode()
    assert "Nearest first" in client.get("/?place=Oakland").content.decode()
