"""Reports: anybody may send one, one a person a reason, not too many an hour."""

import pytest
from django.test import Client

from listings.models import Listing, Report
from tests.listings.factories import ListingFactory
from tests.proxying.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def oak_table(tom) -> Listing:
    return ListingFactory(seller=tom, reference="K7Q2M")


@pytest.fixture
def bobs_browser(db) -> Client:
    client = Client()
    client.force_login(UserFactory(username="bob"))
    return client


def send(client: Client, reason: str = "fraud", comment: str = ""):
    data = {"reason": reason, "comment": comment}
    return client.post("/listings/K7Q2M/report/", data, follow=True)


def test_stranger_reports_and_is_thanked(client, oak_table):
    answer = send(client, "fraud", "Asked me for a deposit, call me on 415 555 0199")

    assert "Thank you." in answer.content.decode()
    report = Report.objects.get()
    assert (report.listing, report.reason, report.reporter) == (oak_table, "fraud", None)
    assert report.comment.endswith("415 555 0199")
    assert len(report.visitor) > 20


def test_second_report_for_the_same_reason_is_thanked_for_and_changes_nothing(client, oak_table):
    send(client, "fraud", "first")
    answer = send(client, "fraud", "second")

    assert "Thank you." in answer.content.decode()
    assert Report.objects.get().comment == "first"


def test_other_reasons_and_other_people_count(client, bobs_browser, oak_table):
    send(client, "fraud")
    send(client, "wrong")
    send(bobs_browser, "fraud")

    assert Report.objects.count() == 3
    assert Report.objects.filter(visitor__startswith="user:", reporter__username="bob").exists()


def test_eleventh_report_in_an_hour_is_too_many(tom, client):
    listings = [ListingFactory(seller=tom) for _ in range(11)]

    answers = [
        client.post(f"/listings/{one.reference}/report/", {"reason": "other"}) for one in listings
    ]

    assert [answer.status_code for answer in answers] == [302] * 10 + [429]
    assert "Wait an hour" in answers[-1].content.decode()
    assert Report.objects.count() == 10


def test_dropping_the_session_does_not_lift_the_limit(tom):
    listings = [ListingFactory(seller=tom) for _ in range(11)]

    codes = [
        Client().post(f"/listings/{one.reference}/report/", {"reason": "other"}).status_code
        for one in listings
    ]

    assert codes[-1] == 429


@pytest.mark.parametrize(
    "data", [{}, {"reason": "nonsense"}, {"reason": "other", "comment": "x\0y"}]
)
def test_nonsense_is_pointed_out(client, oak_table, data):
    answer = client.post("/listings/K7Q2M/report/", data)

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Report.objects.exists()


def test_what_has_no_page_cannot_be_reported(client, tom):
    ListingFactory(seller=tom, reference="K7Q2M", state=Listing.State.PAUSED)

    assert client.get("/listings/K7Q2M/report/").status_code == 404
    assert send(client).status_code == 404


def test_report_needs_the_forms_token(oak_table):
    strict = Client(enforce_csrf_checks=True)

    assert send(strict).status_code == 403
