"""Lists are pages of 50, at most 100; Twilio's client follows next_page_url by itself."""

import pytest
from django.utils import timezone
from twilio.base.exceptions import TwilioException

from proxying.switchboard.models import Interaction, Participant, Service, Session
from tests.switchboard.cast import POOL_1, POOL_2, POOL_3, own


@pytest.fixture
def many(service):
    """120 Sessions in one Service."""
    row = Service.objects.get(sid=service.fetch().sid)
    for number in range(120):
        session = Session(service=row, unique_name=f"talk-{number}")
        session.schedule_expiry()
        session.save()
    return service


def meta_of(page):
    return page._payload["meta"]


def test_list_follows_all_pages_and_each_row_comes_once(many):
    names = [session.unique_name for session in many.sessions.list()]
    assert sorted(names) == sorted(f"talk-{number}" for number in range(120))


def test_first_page_holds_50_and_says_where_the_others_are(many):
    page = many.sessions.page()
    sessions = f"{many.fetch().url}/Sessions"
    assert len(list(page)) == 50
    assert meta_of(page) == {
        "page": 0,
        "page_size": 50,
        "key": "sessions",
        "url": f"{sessions}?PageSize=50&Page=0",
        "first_page_url": f"{sessions}?PageSize=50&Page=0",
        "previous_page_url": None,
        "next_page_url": meta_of(page)["next_page_url"],
    }
    assert meta_of(page)["next_page_url"].startswith(f"{sessions}?PageSize=50&Page=1&PageToken=KC")


def test_nothing_is_missed_when_rows_come_and_go_while_one_lists(many):
    page = many.sessions.page()
    seen = [session.unique_name for session in page]
    for name in seen[:10]:
        many.sessions(many.sessions(name).fetch().sid).delete()
    many.sessions.create(unique_name="new")

    while page := page.next_page():
        seen += [session.unique_name for session in page]
    assert sorted(seen) == sorted(f"talk-{number}" for number in range(120))


def test_rows_of_one_moment_come_once_each(many):
    Session.objects.update(date_created=timezone.now())
    assert len({session.sid for session in many.sessions.list(page_size=7)}) == 120


@pytest.mark.parametrize("token", ["x", "KC1.x", "KC1.9" + "9" * 50])
def test_token_that_no_page_gave_is_refused(service, token):
    with pytest.raises(TwilioException) as caught:
        service.sessions.page(page_token=token)
    assert caught.value.args[1].status_code == 400


def test_last_page_leads_back_and_not_on(many):
    page = many.sessions.page(page_number=2)
    assert len(list(page)) == 20
    assert page.next_page() is None
    assert meta_of(page.previous_page())["page"] == 1


def test_page_holds_100_at_most(many):
    page = many.sessions.page(page_size=1000)
    assert len(list(page)) == 100
    assert meta_of(page)["page_size"] == 100


def test_page_that_ends_with_the_last_row_is_the_last(many):
    assert many.sessions.page(page_size=60, page_number=1).next_page() is None


def test_page_beyond_the_end_is_empty(many):
    assert list(many.sessions.page(page_number=9)) == []


@pytest.mark.parametrize("query", [{"page_size": 0}, {"page_size": "x"}, {"page_number": -1}])
def test_page_that_cannot_be_is_refused(service, query):
    with pytest.raises(TwilioException) as caught:
        service.sessions.page(**query)
    assert caught.value.args[1].status_code == 400


def test_every_list_is_paged(services, service):
    for number in (POOL_1, POOL_2, POOL_3):
        service.phone_numbers.create(sid=own(number))
    services.create("market")
    tom = {"Identifier": "+14152345555"}
    bob = {"Identifier": "+14151115555"}
    session = service.sessions(service.sessions.create(participants=[tom, bob]).sid)
    to_tom = session.participants(session.participants.list()[0].sid)
    for _ in range(2):
        to_tom.message_interactions.create(body="Hello")
    for rows in (services, service.phone_numbers, session.participants, session.interactions):
        assert len({row.sid for row in rows.list(page_size=1)}) == len(rows.list()) > 1
    assert len(to_tom.message_interactions.list(page_size=1)) == 2
    assert meta_of(to_tom.message_interactions.page())["key"] == "interactions"


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_however_long(service, django_assert_max_num_queries, rows):
    row = Service.objects.get(sid=service.fetch().sid)
    for _ in range(rows):
        session = Session(service=row)
        session.schedule_expiry()
        session.save()
    sid = session.sid
    for number in range(rows):
        Participant.objects.create(
            session=session, identifier=f"+1415777000{number}", proxy_identifier=POOL_1
        )
        Interaction.objects.create(session=session, type="message")
        service.phone_numbers.create(sid=own(f"+1415333000{number}"))
    # One of them looks for faults on purpose; production, without the virtual carrier, has none.
    with django_assert_max_num_queries(4):
        service.sessions.list()
    with django_assert_max_num_queries(4):
        service.phone_numbers.list()
    with django_assert_max_num_queries(3):
        service.sessions(sid).participants.list()
    with django_assert_max_num_queries(3):
        service.sessions(sid).interactions.list()
