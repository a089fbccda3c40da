from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from proxying.callbacks import NEUTRAL_MESSAGE
from proxying.encryption import blind_index
from proxying.hours import is_away, is_quiet
from proxying.models import Block, Seller
from tests.proxying.callbacks import contact
from tests.proxying.factories import BOBS_PHONE, TOMS_NUMBER, TOMS_PHONE, tom

TEXT = f"SM{1:032x}"


def quiet_at(zone, start, end, *moment):
    seller = Seller(time_zone=zone, quiet_from=time(start), quiet_until=time(end))
    return is_quiet(seller, datetime(2026, 1, 15, *moment, tzinfo=UTC))


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(21, 59, False), (22, 0, True), (23, 59, True), (0, 0, True), (6, 59, True), (7, 0, False)],
)
def test_quiet_hours_reach_over_midnight(hour, minute, quiet):
    assert quiet_at("UTC", 22, 7, hour, minute) is quiet


@pytest.mark.parametrize(("hour", "quiet"), [(11, False), (12, True), (13, True), (14, False)])
def test_quiet_hours_within_a_day(hour, quiet):
    assert quiet_at("UTC", 12, 14, hour) is quiet


@pytest.mark.parametrize(
    ("zone", "quiet"),
    [("America/Los_Angeles", True), ("America/New_York", False), ("Asia/Tokyo", True)],
)
def test_quiet_hours_are_of_the_sellers_own_clock(zone, quiet):
    """14:00 in UTC is 06:00 in Los Angeles, 09:00 in New York, 23:00 in Tokyo."""
    assert quiet_at(zone, 22, 7, 14) is quiet


def test_quiet_hours_follow_the_clock_when_it_changes():
    seller = Seller(time_zone="America/Los_Angeles", quiet_from=time(22), quiet_until=time(7))

    assert is_quiet(seller, datetime(2026, 1, 15, 14, 30, tzinfo=UTC))
    assert not is_quiet(seller, datetime(2026, 7, 15, 14, 30, tzinfo=UTC))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "a\0b"])
def test_unknown_time_zone_is_the_sites(zone, settings):
    settings.TIME_ZONE = "UTC"

    assert quiet_at(zone, 12, 14, 13)


def test_without_quiet_hours_no_hour_is_quiet():
    assert not is_quiet(Seller(), timezone.now())


def test_away_ends_by_itself():
    now = timezone.now()

    assert is_away(Seller(away_until=now + timedelta(seconds=1)), now)
    assert not is_away(Seller(away_until=now), now)
    assert not is_away(Seller(), now)


@pytest.fixture
def away(db):
    seller = tom()
    seller.away_until = timezone.now() + timedelta(days=1)
    seller.save()
    return seller


@pytest.fixture
def asleep(db):
    seller = tom()
    now = timezone.now()
    seller.time_zone = "UTC"
    seller.quiet_from = (now - timedelta(hours=1)).time()
    seller.quiet_until = (now + timedelta(hours=1)).time()
    seller.save()
    return seller


def test_caller_hears_that_the_seller_is_away(away, django_assert_num_queries):
    with django_assert_num_queries(1):
        answer = contact(BOBS_PHONE, TOMS_NUMBER)

    assert b"The seller is away" in answer.content


def test_text_to_an_away_seller_is_answered_that_he_is_away(away, django_assert_num_queries):
    with django_assert_num_queries(1):
        answer = contact(BOBS_PHONE, TOMS_NUMBER, TEXT)

    assert b"<Message>ShoppingPlace: the seller is away" in answer.content
    assert answer.content == contact(BOBS_PHONE, TOMS_NUMBER, TEXT).content


def test_phone_that_answers_by_itself_is_answered_once_a_day(away):
    contact(BOBS_PHONE, TOMS_NUMBER, TEXT)

    assert contact(BOBS_PHONE, TOMS_NUMBER, "SM" + "8" * 32).content == NEUTRAL_MESSAGE


def test_caller_in_the_quiet_hours_is_asked_to_text(asleep):
    assert b"send a text" in contact(BOBS_PHONE, TOMS_NUMBER).content


def test_text_in_the_quiet_hours_comes_through(asleep):
    assert contact(BOBS_PHONE, TOMS_NUMBER, TEXT).json()["participantIdentifier"] == TOMS_PHONE


def test_caller_reaches_a_seller_who_is_back(away):
    Seller.objects.update(away_until=timezone.now() - timedelta(seconds=1))

    assert contact(BOBS_PHONE, TOMS_NUMBER).json()["participantIdentifier"] == TOMS_PHONE


@pytest.mark.parametrize("state", ["away", "asleep"])
@pytest.mark.parametrize("caller", ["blocked", "own phone", "unknown number", "suspended"])
def test_who_may_not_call_at_all_hears_nothing_of_it(db, state, caller, request):
    neutral = contact(BOBS_PHONE, "+14150000001").content
    seller = request.getfixturevalue(state)
    if caller == "blocked":
        Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))
    if caller == "suspended":
        Seller.objects.update(suspended_at=timezone.now())
    sender = TOMS_PHONE if caller == "own phone" else BOBS_PHONE
    dialled = "+14150000002" if caller == "unknown number" else TOMS_NUMBER

    assert contact(sender, dialled).content == neutral
    assert contact(sender, dialled, TEXT).content == NEUTRAL_MESSAGE
