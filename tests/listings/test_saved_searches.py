"""Saved searches: kept by their owner, and each hit mailed once whatever dies."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from listings.models import Listing, Notice, SavedSearch, SavedSearchHit
from listings.watching import digests
from listings.watching.unsubscribing import unsubscribe_url
from tests.listings.factories import ListingFactory
from tests.proxying.factories import BOBS_PHONE, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(db):
    return UserFactory(username="bob")


@pytest.fixture
def bobs_browser(bob) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def search(bob) -> SavedSearch:
    return SavedSearch.objects.create(
        user=bob,
        query="q=oak",
        name="Oak things",
        created_at=timezone.now() - timedelta(days=2),
    )


def due_again(search: SavedSearch) -> None:
    SavedSearch.objects.filter(pk=search.pk).update(next_mail_at=timezone.now())


# Keeping


def test_search_is_kept_as_the_page_would_write_it(bobs_browser, bob):
    data = {"query": "page=3&sort=price&q=oak++table", "frequency": "weekly"}

    answer = bobs_browser.post("/searches/save/", data, follow=True)

    search = SavedSearch.objects.get()
    assert (search.user, search.query, search.frequency) == (
        bob,
        "q=oak+table&sort=price",
        "weekly",
    )
    assert search.name == "oak table"
    assert "/?q=oak+table&amp;sort=price" in answer.content.decode()


def test_stranger_logs_in_and_comes_back_to_the_search(client, bob):
    answer = client.post("/searches/save/", {"query": "q=oak", "frequency": "instant"})
    assert answer["Location"].startswith("/accounts/login/?next=/searches/save/")
    assert not SavedSearch.objects.exists()

    client.force_login(bob)
    page = client.get("/searches/save/?query=q%3Doak&frequency=instant").content.decode()

    assert 'name="query" value="q=oak"' in page
    assert 'value="instant" required id="id_frequency_0" checked' in " ".join(page.split())
    assert not SavedSearch.objects.exists()


def test_same_search_is_kept_once(bobs_browser):
    for frequency in ("daily", "none"):
        bobs_browser.post("/searches/save/", {"query": "q=oak", "frequency": frequency})

    assert SavedSearch.objects.get().frequency == "none"


def test_fifty_are_the_most(bobs_browser, bob):
    SavedSearch.objects.bulk_create(
        SavedSearch(user=bob, query=f"q=thing{n}", name="x") for n in range(50)
    )

    page = bobs_browser.post("/searches/save/", {"query": "q=one+more"}, follow=True)

    assert SavedSearch.objects.count() == 50
    assert "Delete one first" in page.content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"query": "q=%00&category=nonsense&min=1e999&page=%FF"},
        {"query": "&".join(f"a{n}=1" for n in range(2000))},
        {"query": "q=oak", "frequency": "nonsense"},
        {"query": "q=oak", "name": "x\0y"},
    ],
)
def test_hostile_searches_are_a_page(bobs_browser, data):
    assert bobs_browser.post("/searches/save/", data).status_code in {302, 400}


def test_name_and_frequency_can_be_changed(bobs_browser, search):
    SavedSearch.objects.update(next_mail_at=timezone.now() + timedelta(days=6))

    bobs_browser.post(
        f"/searches/{search.pk}/edit/", {"name": "Tables\r\nBcc: x", "frequency": "instant"}
    )

    search.refresh_from_db()
    assert (search.name, search.frequency) == ("Tables Bcc: x", "instant")
    assert search.next_mail_at <= timezone.now()


def test_search_can_be_deleted(bobs_browser, search):
    bobs_browser.post(f"/searches/{search.pk}/delete/")

    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize("what", ["edit", "delete"])
def test_someone_elses_search_is_not_found(mallorys_browser, search, what):
    path = f"/searches/{search.pk}/{what}/"

    assert mallorys_browser.post(path, {"name": "x", "frequency": "none"}).status_code == 404
    search.refresh_from_db()
    assert (search.name, search.frequency) == ("Oak things", "daily")
    assert "Oak things" not in mallorys_browser.get("/searches/").content.decode()


@pytest.mark.parametrize("what", ["edit", "delete"])
def test_changing_needs_a_log_in_and_the_forms_token(client, bob, search, what):
    path = f"/searches/{search.pk}/{what}/"
    assert client.post(path)["Location"].startswith("/accounts/login/")

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob)
    assert strict.post(path).status_code == 403
    assert strict.post("/searches/save/", {"query": "q=x"}).status_code == 403


def test_queries_do_not_grow_with_searches(bobs_browser, bob, queries):
    SavedSearch.objects.create(user=bob, query="q=1", name="1")
    with_one = queries(bobs_browser, "/searches/")
    for n in "23":
        SavedSearch.objects.create(user=bob, query=f"q={n}", name=n)

    assert queries(bobs_browser, "/searches/") == with_one <= 12


# Mails


def test_new_listing_is_mailed_with_its_page_and_a_way_out(tom, search):
    listing = ListingFactory(seller=tom)

    assert digests.run_due() == 1

    notice = Notice.objects.get()
    assert notice.user == search.user
    assert notice.subject == "1 new listing for “Oak things”"
    assert f"http://testserver{listing.get_absolute_url()}" in notice.body
    assert "$240 · San Rafael, CA" in notice.body
    assert notice.unsubscribe_url == unsubscribe_url(search)


def test_each_hit_is_mailed_once(tom, search):
    ListingFactory(seller=tom, title="Oak table")
    digests.run_due()
    due_again(search)
    ListingFactory(seller=tom, title="Oak chair")

    assert digests.run_due() == 1
    due_again(search)
    assert digests.run_due() == 0

    assert [body.count("Oak table") for body in _bodies()] == [1, 0]
    assert [body.count("Oak chair") for body in _bodies()] == [0, 1]


def _bodies() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("body", flat=True))


def run_and_die(search: SavedSearch) -> None:
    with transaction.atomic():
        assert digests.run(search.pk)
        raise ConnectionError


def test_crash_before_the_commit_leaves_nothing_and_the_next_run_mails_once(tom, search):
    ListingFactory(seller=tom)
    with pytest.raises(ConnectionError):
        run_and_die(search)

    assert not Notice.objects.exists()
    assert not SavedSearchHit.objects.exists()
    assert digests.run_due() == 1
    assert digests.run_due() == 0
    assert Notice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_mail_that_cannot_be_written_leaves_its_hits_for_the_next_run(tom, search):
    ListingFactory(seller=tom)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE listings_notice RENAME TO elsewhere")
    try:
        assert digests.run_due() == 0
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO listings_notice")

    assert not SavedSearchHit.objects.exists()
    assert digests.run_due() == 1
    assert SavedSearchHit.objects.count() == Notice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_search_that_another_worker_has_is_left_to_it(tom, search):
    ListingFactory(seller=tom)
    with ThreadPoolExecutor(1) as other_worker, transaction.atomic():
        SavedSearch.objects.select_for_update().get(pk=search.pk)
        assert other_worker.submit(_run_in_thread).result(timeout=20) == 0

    assert digests.run_due() == 1


def _run_in_thread() -> int:
    try:
        return digests.run_due()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("frequency", "wait"),
    [
        ("instant", timedelta(minutes=5)),
        ("daily", timedelta(days=1)),
        ("weekly", timedelta(weeks=1)),
    ],
)
def test_next_mail_comes_when_it_was_asked_for(search, frequency, wait):
    SavedSearch.objects.update(frequency=frequency)
    now = timezone.now() + timedelta(minutes=1)

    with time_machine.travel(now, tick=False):
        digests.run_due()

    search.refresh_from_db()
    assert search.next_mail_at == now + wait


def test_nobody_is_told_of_what_they_did_not_ask_for(tom, search):
    ListingFactory(seller=tom, title="Cargo bike", description="Carries two.")
    ListingFactory(seller=tom, published_at=timezone.now() - timedelta(days=3))
    ListingFactory(seller=tom, draft=True)
    ListingFactory(seller=tom, hidden_at=timezone.now())

    assert digests.run_due() == 0


def test_own_listings_are_no_news(tom):
    SavedSearch.objects.create(
        user=tom.user, query="", name="All", created_at=timezone.now() - timedelta(days=1)
    )
    ListingFactory(seller=tom)

    assert digests.run_due() == 0


def test_old_listings_are_no_news(tom, search):
    SavedSearch.objects.update(created_at=timezone.now() - timedelta(days=90))
    ListingFactory(seller=tom, published_at=timezone.now() - timedelta(days=15))

    assert digests.run_due() == 0


def test_paused_listing_that_comes_back_is_told_of_once(tom, search):
    told = ListingFactory(seller=tom, title="Oak table")
    missed = ListingFactory(seller=tom, title="Oak chair", state=Listing.State.PAUSED)
    digests.run_due()
    told.move_to(Listing.State.PAUSED)
    for listing in (told, missed):
        listing.move_to(Listing.State.ACTIVE)
    due_again(search)

    assert digests.run_due() == 1
    assert "Oak chair" in _bodies()[1]
    assert "Oak table" not in _bodies()[1]


@pytest.mark.parametrize("change", [{"frequency": "none"}, {"next_mail_at": "later"}])
def test_search_that_is_not_due_is_left_alone(tom, search, change):
    later = timezone.now() + timedelta(hours=1)
    SavedSearch.objects.update(**{k: later if v == "later" else v for k, v in change.items()})
    ListingFactory(seller=tom)

    assert digests.run_due() == 0


def test_what_is_too_much_for_one_mail_comes_with_the_next(tom, search):
    for _ in range(32):
        ListingFactory(seller=tom)

    digests.run_due()
    due_again(search)
    digests.run_due()

    assert [body.count("$240") for body in _bodies()] == [30, 2]


def test_no_number_stands_in_a_mail(tom, search):
    ListingFactory(seller=tom, title=f"Oak, call {BOBS_PHONE}")
    digests.run_due()

    assert BOBS_PHONE not in _bodies()[0]
    assert "•••55" in _bodies()[0]


# One-click unsubscribe


def path_of(search: SavedSearch) -> str:
    return unsubscribe_url(search).removeprefix("http://testserver")


def test_opening_the_link_changes_nothing(client, search):
    page = client.get(path_of(search)).content.decode()

    assert "Stop these mails?" in page
    search.refresh_from_db()
    assert search.frequency == "daily"


def test_post_with_the_token_alone_ends_the_mails(search):
    mail_program = Client(enforce_csrf_checks=True)

    answer = mail_program.post(path_of(search), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    search.refresh_from_db()
    assert search.frequency == "none"


def test_link_of_a_deleted_search_still_answers(client, search):
    path = path_of(search)
    search.delete()

    assert client.post(path).status_code == 200
    assert "deleted already" in client.get(path).content.decode()


@pytest.mark.parametrize("token", ["1", "1:nonsense", "%00", "x" * 2000])
def test_token_that_is_not_ours_is_not_found(client, search, token):
    assert client.post(f"/searches/unsubscribe/{token}/").status_code == 404


def test_token_of_one_search_does_not_end_another(client, bob, search):
    other = SavedSearch.objects.create(user=bob, query="q=elm", name="Elm")
    token = path_of(search).split("/")[-2].split(":", 1)[1]

    assert client.post(f"/searches/unsubscribe/{other.pk}:{token}/").status_code == 404
