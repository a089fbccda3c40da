from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from listings.models import Favourite, ListingDay
from proxying.encryption import blind_index
from proxying.models import Block, BuyerAlias, Interaction, ProxySession, ReservedNumber, Seller
from tests.listings.factories import ListingFactory
from tests.proxying.factories import BOBS_PHONE, UserFactory

CAROLS_PHONE = "+13105550123"


def came(seller, phone=BOBS_PHONE, *, kinds=("message",), item="", ago=timedelta()):
    """Somebody called or texted the seller, *ago*, once a kind."""
    when = timezone.now() - ago
    session = ProxySession.objects.create(
        reserved_number=seller.reserved_number,
        buyer_index=blind_index(phone),
        unique_name=f"sp-{ProxySession.objects.count()}",
        contact_sid=f"SM{ProxySession.objects.count():032x}",
        created_at=when,
    )
    for kind in kinds:
        Interaction.objects.create(
            interaction_sid=f"KI{Interaction.objects.count():032x}",
            session_sid=session.unique_name,
            proxy_session=session,
            type=kind,
            from_buyer=True,
            item_reference=item,
            created_at=when,
        )
    return session


def buyers(browser):
    return browser.get(reverse("desk")).context["buyers"]


def test_buyers_are_named_in_the_order_of_their_first_contact(tom, toms_browser):
    came(tom, CAROLS_PHONE, ago=timedelta(days=1))
    came(tom, BOBS_PHONE, ago=timedelta(days=2))

    assert [buyer.number for buyer in buyers(toms_browser)] == [2, 1]


def test_buyer_keeps_the_alias_when_others_come(tom, toms_browser):
    came(tom, BOBS_PHONE)
    buyers(toms_browser)
    came(tom, CAROLS_PHONE, ago=timedelta(days=9))

    assert [buyer.number for buyer in buyers(toms_browser)] == [1, 2]
    assert BuyerAlias.objects.get(number=1).buyer_index == blind_index(BOBS_PHONE)


def test_desk_counts_what_the_buyer_did_and_when(tom, toms_browser):
    came(tom, kinds=("voice", "message", "message"), ago=timedelta(days=3))
    last = came(tom, kinds=("voice",), ago=timedelta(hours=1))
    Interaction.objects.create(
        interaction_sid="KIx", session_sid="KC", proxy_session=last, type="voice", from_buyer=False
    )

    [buyer] = buyers(toms_browser)

    assert (buyer.calls, buyer.texts) == (2, 2)
    assert buyer.last_contact_at == last.created_at


def test_contact_of_which_nothing_was_reported_stands_there_too(tom, toms_browser):
    session = came(tom, kinds=())

    [buyer] = buyers(toms_browser)

    assert (buyer.calls, buyer.texts) == (0, 0)
    assert buyer.last_contact_at == session.created_at


def test_items_are_the_sellers_own_by_title(tom, toms_browser):
    table = ListingFactory(seller=tom, title="Oak table")
    came(tom, item=table.reference)
    came(tom, item=ListingFactory(title="Somebody else's").reference)
    came(tom, item="GREAT")

    [buyer] = buyers(toms_browser)

    assert [item.title for item in buyer.items] == ["Oak table"]


def test_desk_shows_no_number_of_a_buyer_and_not_the_private_one(tom, toms_browser):
    came(tom)

    page = toms_browser.get(reverse("desk")).content.decode()

    assert "Buyer 1" in page
    assert blind_index(BOBS_PHONE) not in page
    for private in ("5555", "2345555", "1115555"):
        assert private not in page


def test_desk_is_not_anothers(tom, mallorys_browser):
    came(tom)

    assert buyers(mallorys_browser) == []
    assert not BuyerAlias.objects.exists()


@pytest.mark.parametrize("name", ["desk", "desk_items", "desk_hours"])
def test_desk_needs_an_account_that_sells(client, db, name):
    assert reverse("account_login") in client.get(reverse(name)).url
    client.force_login(UserFactory())
    assert reverse("seller_phone") in client.get(reverse(name)).url


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 5000, "%00", "2"])
def test_any_page_number_shows_a_page(tom, toms_browser, page):
    came(tom)

    assert toms_browser.get(f"{reverse('desk')}?page={page}").status_code == 200


def test_buyers_come_in_pages(tom, toms_browser):
    for nth in range(21):
        came(tom, f"+1310555{nth:04}")

    assert len(buyers(toms_browser)) == 20
    assert len(toms_browser.get(f"{reverse('desk')}?page=2").context["buyers"]) == 1


def test_desk_takes_the_same_queries_for_one_buyer_and_three(tom, toms_browser, queries):
    table = ListingFactory(seller=tom)
    came(tom, item=table.reference)
    buyers(toms_browser)
    one = queries(toms_browser, reverse("desk"))
    for phone in (CAROLS_PHONE, "+13105550124"):
        came(tom, phone, item=ListingFactory(seller=tom).reference)
    buyers(toms_browser)

    assert queries(toms_browser, reverse("desk")) == one <= 12


def test_block_stops_the_buyer_and_has_the_session_closed(
    tom, toms_browser, monkeypatch, django_capture_on_commit_callbacks
):
    session = came(tom)
    [buyer] = buyers(toms_browser)

    with django_capture_on_commit_callbacks() as nudges:
        answer = toms_browser.post(reverse("desk_block", args=[buyer.alias]))

    assert answer.url == reverse("desk")
    assert Block.objects.get().buyer_index == session.buyer_index
    assert sum("close_blocked_sessions" in str(nudge) for nudge in nudges) == 1
    assert buyers(toms_browser)[0].is_blocked


def test_blocking_twice_is_one_block(tom, toms_browser):
    came(tom)
    [buyer] = buyers(toms_browser)

    for _ in range(2):
        assert toms_browser.post(reverse("desk_block", args=[buyer.alias])).status_code == 302

    assert Block.objects.count() == 1


def test_unblock_deletes_the_row(tom, toms_browser):
    came(tom)
    [buyer] = buyers(toms_browser)
    toms_browser.post(reverse("desk_block", args=[buyer.alias]))

    toms_browser.post(reverse("desk_unblock", args=[buyer.alias]))

    assert not Block.objects.exists()
    assert not buyers(toms_browser)[0].is_blocked


@pytest.mark.parametrize("action", ["desk_block", "desk_unblock"])
def test_anothers_buyer_is_not_there(tom, toms_browser, mallorys_browser, action):
    session = came(tom)
    [buyer] = buyers(toms_browser)
    Block.objects.create(seller=tom, buyer_index=session.buyer_index)

    assert mallorys_browser.post(reverse(action, args=[buyer.alias])).status_code == 404
    assert Block.objects.count() == 1
    assert toms_browser.post(reverse(action, args=[10**30])).status_code == 404
    assert toms_browser.get(reverse(action, args=[buyer.alias])).status_code == 405


def test_items_show_their_figures_and_fourteen_days(tom, toms_browser):
    table = ListingFactory(seller=tom)
    today = timezone.localdate()
    ListingDay.objects.create(listing=table, day=today, views=8)
    ListingDay.objects.create(listing=table, day=today - timedelta(days=13), views=4)
    ListingDay.objects.create(listing=table, day=today - timedelta(days=14), views=30)
    Favourite.objects.create(user=UserFactory(), listing=table)
    came(tom, kinds=("voice", "message"), item=table.reference)
    came(tom, item=table.reference, ago=timedelta(days=40))

    [item] = toms_browser.get(reverse("desk_items")).context["items"]

    assert (item.views, item.favourites, item.calls, item.texts) == (42, 1, 1, 2)
    assert (item.days[0].views, item.days[-1].views) == (4, 8)
    assert (item.days[-1].calls, item.days[-1].texts) == (1, 1)
    assert item.recent_contacts == 2
    assert [bar.height for bar in item.view_bars] == [21, 42]


def test_items_leave_out_drafts_and_what_is_anothers(tom, toms_browser):
    ListingFactory(seller=tom, draft=True)
    ListingFactory()

    assert toms_browser.get(reverse("desk_items")).context["items"] == []


def test_chart_has_no_style_of_its_own_and_a_table_beside_it(tom, toms_browser):
    table = ListingFactory(seller=tom)
    ListingDay.objects.create(listing=table, day=timezone.localdate(), views=8)

    page = toms_browser.get(reverse("desk_items")).content.decode()

    assert "style=" not in page
    assert 'aria-label="In the last 14 days: 8 views, 0 calls and texts"' in page
    assert "<td>8</td>" in page


def test_items_take_the_same_queries_for_one_and_three(tom, toms_browser, queries):
    came(tom, item=ListingFactory(seller=tom).reference)
    one = queries(toms_browser, reverse("desk_items"))
    for _ in range(2):
        came(tom, item=ListingFactory(seller=tom).reference)

    assert queries(toms_browser, reverse("desk_items")) == one <= 12


def test_quiet_hours_are_saved_and_taken_away(tom, toms_browser):
    night = {"quiet_from": "22:00", "quiet_until": "07:30", "time_zone": "America/New_York"}
    toms_browser.post(reverse("desk_hours"), night)
    tom.refresh_from_db()
    assert (tom.quiet_from, tom.quiet_until) == (time(22), time(7, 30))
    assert tom.time_zone == "America/New_York"
    assert 'value="22:00"' in toms_browser.get(reverse("desk_hours")).content.decode()

    toms_browser.post(reverse("desk_hours"), {"time_zone": "America/New_York"})

    tom.refresh_from_db()
    assert tom.quiet_from is tom.quiet_until is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": "22:00"},
        {"quiet_until": "22:00"},
        {"quiet_from": "22:00", "quiet_until": "22:00"},
        {"quiet_from": "25:00", "quiet_until": "07:00"},
        {"time_zone": "Mars/Olympus"},
        {"quiet_from": "\0"},
    ],
)
def test_quiet_hours_that_make_no_sense_are_not_saved(tom, toms_browser, wrong):
    answer = toms_browser.post(reverse("desk_hours"), {"time_zone": "UTC"} | wrong)

    assert answer.status_code == 200
    assert answer.context["quiet_form"].errors
    tom.refresh_from_db()
    assert tom.quiet_from is None


def test_seller_is_away_until_the_beginning_of_a_day_of_their_own(tom, toms_browser):
    Seller.objects.update(time_zone="America/New_York")
    day = timezone.localdate() + timedelta(days=5)

    toms_browser.post(reverse("desk_away"), {"back_on": day.isoformat()})

    tom.refresh_from_db()
    assert tom.away_until == datetime.combine(day, time(), ZoneInfo("America/New_York"))
    assert "You are away until" in toms_browser.get(reverse("desk")).content.decode()


@pytest.mark.parametrize("day", ["", "soon", "2020-01-01", "9999-12-31", "\0"])
def test_away_takes_only_a_day_to_come(tom, toms_browser, day):
    Seller.objects.update(time_zone="UTC")

    answer = toms_browser.post(reverse("desk_away"), {"back_on": day})

    assert answer.context["away_form"].errors
    tom.refresh_from_db()
    assert tom.away_until is None


def test_seller_comes_back_by_a_button(tom, toms_browser):
    Seller.objects.update(away_until=timezone.now() + timedelta(days=5))

    toms_browser.post(reverse("desk_back"))

    tom.refresh_from_db()
    assert tom.away_until is None


def test_hours_of_another_stay(tom, mallorys_browser):
    away = timezone.now() + timedelta(days=5)
    Seller.objects.filter(pk=tom.pk).update(away_until=away)

    mallorys_browser.post(reverse("desk_back"))
    mallorys_browser.post(
        reverse("desk_hours"),
        {"quiet_from": "01:00", "quiet_until": "02:00", "time_zone": "UTC"},
    )

    tom.refresh_from_db()
    assert (tom.away_until, tom.quiet_from) == (away, None)


@pytest.mark.parametrize(
    ("status", "words"),
    [("active", "Active"), ("quarantined", "In quarantine"), ("stuck", "Held up")],
)
def test_desk_says_how_the_number_is(tom, toms_browser, status, words):
    if status == "stuck":
        ReservedNumber.objects.update(status="reserving", next_attempt_at=None)
    else:
        ReservedNumber.objects.update(status=status)

    assert words in toms_browser.get(reverse("desk")).content.decode()


def test_desk_says_that_the_seller_is_suspended(tom, toms_browser):
    Seller.objects.update(suspended_at=timezone.now())

    assert "Your account is suspended" in toms_browser.get(reverse("desk")).content.decode()
