"""The pool against the busiest seller: counted, foreseen, grown, and room made in time."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from proxying import capacity, tasks
from proxying.capacity.forecasting import foresee
from proxying.models import (
    Interaction,
    PlannedService,
    PoolPeak,
    ProxyService,
    ProxySession,
    ReservedNumber,
)
from proxying.provisioning import promise
from proxying.switchboard.models import Participant, Service, Session
from proxying.twilio_client import TwilioUnavailable
from tests.proxying.conftest import KILLED_AFTER, LOST_ANSWER, NO_CONNECTION, Killed
from tests.proxying.factories import (
    PoolNumberFactory,
    ProxyServiceFactory,
    ReservedNumberFactory,
    SellerFactory,
    beth,
    tom,
)

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def number(clock, service, settings):
    """Tom's number at the switchboard, whose pool of three does not grow."""
    settings.PROXY_POOL_RESERVE = 0
    number = promise(SellerFactory(display_name="Tom"))
    tasks.reserve_number.delay(str(number.pk))
    number.refresh_from_db()
    return number


def text(n, number):
    """The *n*th buyer texts the number from a phone at the switchboard; the answer."""
    sender = f"+1415700{n:04}"
    call_command("seed_switchboard", phone=[(sender, f"Buyer {n}")], verbosity=0)
    body = {"from": sender, "to": number.proxy_identifier, "body": "Still there?"}
    return Client().post("/switchboard/phones/api/messages", body)


def buyers_connected():
    active = Participant.objects.active().filter(identifier__startswith="+1415700")
    return {int(participant.identifier[-4:]) for participant in active}


def session(number, buyer, *, minutes=5, sid=True, **more):
    """A Session of ours, last heard of so long ago."""
    row = ProxySession.objects.create(
        reserved_number=number,
        buyer_index=f"index of {buyer}",
        unique_name=f"sp-{number.pk}-{ProxySession.objects.count()}",
        contact_sid=f"SM{ProxySession.objects.count():032x}",
        session_sid=f"KC{ProxySession.objects.count():032x}" if sid else None,
        **more,
    )
    row.created_at = timezone.now() - timedelta(minutes=minutes)
    row.save()
    return row


def spoken(proxy_session, *, minutes, **more):
    made = Interaction.objects.create(
        interaction_sid=f"KI{Interaction.objects.count():032x}",
        session_sid=proxy_session.session_sid,
        proxy_session=proxy_session,
        **{"type": "message", **more},
    )
    made.created_at = timezone.now() - timedelta(minutes=minutes)
    made.save()


# Counting


def test_busiest_seller_is_counted_by_buyers_not_by_rows():
    toms, beths = tom().reserved_number, beth().reserved_number
    for buyer in ("Bob", "Bob", "Ann"):
        session(toms, buyer)
    session(beths, "Bob")

    (reading,) = capacity.measure()

    assert (reading.busiest, reading.reserved) == (2, 2)


def test_session_is_open_for_its_time_after_the_last_interaction(settings):
    settings.PROXY_SESSION_TTL = 600
    number = tom().reserved_number
    session(number, "Bob", minutes=11)
    spoken(session(number, "Ann", minutes=60), minutes=9)
    session(number, "Cid", closed_at=timezone.now())

    assert [one.buyer_index for one in capacity.open_sessions()] == ["index of Ann"]


def test_services_are_measured_apart():
    session(tom().reserved_number, "Bob")
    elsewhere = ProxyServiceFactory(unique_name="shoppingplace-gb-1", country="GB")
    PoolNumberFactory(service=elsewhere)

    there, here = capacity.measure()

    assert (there.service, there.pool, there.busiest) == (elsewhere, 1, 0)
    assert (here.pool, here.busiest) == (0, 1)


def test_measuring_takes_as_many_queries_for_three_services_as_for_one(
    django_assert_max_num_queries,
):
    for n in range(3):
        made = ProxyServiceFactory(unique_name=f"shoppingplace-us-{n}")
        session(ReservedNumberFactory(service=made), "Bob")
        PoolPeak.objects.create(service=made, day=date(2026, 11, 23), busiest=1)

    with django_assert_max_num_queries(4):
        assert len(capacity.measure()) == 3


# Growing


def test_wanted_size_is_the_busiest_day_and_some_to_spare(settings, clock):
    settings.PROXY_POOL_FLOOR, settings.PROXY_POOL_RESERVE = 5, 2
    service = ProxyServiceFactory()
    for day, busiest in ((23, 6), (20, 9), (16, 400)):
        PoolPeak.objects.create(service=service, day=date(2026, 11, day), busiest=busiest)

    assert capacity.wanted_size(service) == 11


@pytest.mark.parametrize(("busiest", "wanted"), [(0, 5), (1, 5), (4, 6), (499, 500), (900, 500)])
def test_wanted_size_lies_between_floor_and_proxys_limit(settings, clock, busiest, wanted):
    settings.PROXY_POOL_FLOOR, settings.PROXY_POOL_RESERVE = 5, 2
    service = ProxyServiceFactory()
    PoolPeak.objects.create(service=service, day=date(2026, 11, 23), busiest=busiest)

    assert capacity.wanted_size(service) == wanted


def test_days_peak_only_rises(clock):
    number = tom().reserved_number
    sessions = [session(number, buyer) for buyer in ("Bob", "Ann")]
    capacity.watch()
    sessions[0].delete()
    capacity.watch()

    assert PoolPeak.objects.get().busiest == 2


def test_pool_grows_with_the_busiest_seller(number, service, settings):
    settings.PROXY_POOL_RESERVE = 2
    for n in range(3):
        text(n, number)

    tasks.watch_capacity()

    assert service.pool_numbers.exclude(added_at=None).count() == 5
    assert Service.objects.get().phone_numbers.filter(is_reserved=False).count() == 5


def test_number_that_the_pool_grew_by_is_not_given_to_a_seller(number, service, settings):
    PoolPeak.objects.create(service=service, day=MORNING.date(), busiest=5)
    settings.PROXY_POOL_RESERVE = 2
    tasks.keep_stock()

    tasks.reserve_number.delay(str(promise(SellerFactory()).pk))

    assert service.pool_numbers.exclude(added_at=None).count() == 7


# Alarms and forecasts


def test_low_pool_is_logged_once_for_each_new_peak(caplog, clock):
    number = tom().reserved_number
    for _ in range(3):
        PoolNumberFactory()
    session(number, "Bob")
    capacity.watch()
    assert "pool_low" not in caplog.text

    session(number, "Ann")
    capacity.watch()
    capacity.watch()

    assert caplog.text.count("pool_low") == 1


def days(*peaks):
    return [(date(2026, 11, 17) + timedelta(days=n), peak) for n, peak in enumerate(peaks)]


@pytest.mark.parametrize(
    ("peaks", "pool", "in_days"),
    [
        (days(1, 2, 3, 4, 5, 6, 7), 10, 4),
        (days(1, 2, 3, 4, 5, 6, 7), 7, 1),
        (days(2, 2, 3, 3, 4, 4, 5), 5, 3),
        (days(1, 1, 9), 8, 0),
        (days(3, 3, 3, 3), 5, None),
        (days(5, 4, 3), 5, None),
        (days(1, 9), 10, None),
        ([], 5, None),
    ],
)
def test_forecast_is_the_line_through_the_last_days(peaks, pool, in_days):
    assert foresee(peaks, pool).days == in_days


@pytest.mark.parametrize(
    ("peaks", "pool", "words"),
    [
        (days(1, 1, 9), 8, "Too small now"),
        (days(1, 2, 3, 4, 5, 6, 7), 7, "in about 1 day."),
        (days(1, 2, 3, 4, 5, 6, 7), 10, "in about 4 days."),
        (days(3, 3, 3), 5, "Large enough"),
        (days(3), 5, "1 of at least 3 days"),
    ],
)
def test_forecast_is_told_in_words(peaks, pool, words):
    assert words in str(foresee(peaks, pool))


# Room for the next buyer


def test_all_buyers_of_a_busy_seller_are_connected_in_the_end(number, clock):
    """A pool of three, and eight buyers within sixteen minutes."""
    for n in range(8):
        clock.shift(timedelta(minutes=2))
        text(n, number)
        assert n in buyers_connected()
        tasks.watch_capacity()

    assert Session.objects.count() == 8


def test_fourth_buyer_is_refused_where_no_room_is_made(number, clock):
    """What the rest of these tests is about."""
    for n in range(4):
        clock.shift(timedelta(minutes=2))
        text(n, number)

    assert buyers_connected() == {0, 1, 2}


def test_longest_silent_goes_first_and_no_more_than_needed(number, clock):
    for n in range(3):
        clock.shift(timedelta(minutes=2))
        text(n, number)
    clock.shift(timedelta(minutes=2))
    text(0, number)

    tasks.watch_capacity()

    assert buyers_connected() == {0, 2}


def test_nobody_is_cut_off_who_has_just_spoken(number, network):
    for n in range(3):
        text(n, number)

    tasks.watch_capacity()

    assert buyers_connected() == {0, 1, 2}


def test_long_silent_session_is_closed_before_the_pool_is_used_up(number, clock, settings):
    settings.PROXY_SESSION_TTL = 24 * 3600
    text(0, number)
    clock.shift(timedelta(minutes=61))
    text(1, number)

    tasks.watch_capacity()

    assert buyers_connected() == {1}


def test_session_silent_for_less_than_an_hour_stays_while_a_number_is_free(number, clock):
    text(0, number)
    clock.shift(timedelta(minutes=50))
    text(1, number)

    tasks.watch_capacity()

    assert buyers_connected() == {0, 1}


def test_session_with_a_call_in_it_is_never_closed(number, clock):
    for n in range(3):
        text(n, number)
    clock.shift(timedelta(minutes=30))
    spoken(
        ProxySession.objects.order_by("pk")[0],
        minutes=25,
        type="voice",
        inbound_rank=3,
        outbound_rank=3,
    )

    tasks.watch_capacity()

    assert buyers_connected() == {0, 2}


def test_closed_buyer_gets_a_new_session(number, clock):
    for n in range(3):
        text(n, number)
    clock.shift(timedelta(minutes=2))
    tasks.watch_capacity()
    (closed,) = {0, 1, 2} - buyers_connected()

    assert text(closed, number).status_code == 201

    assert closed in buyers_connected()


def test_buyer_whom_proxy_refused_holds_no_number(number, clock):
    """Four at once: the fourth is refused, and must not count for ever."""
    for n in range(4):
        text(n, number)
    clock.shift(timedelta(minutes=2))

    tasks.watch_capacity()

    refused = ProxySession.objects.get(session_sid=None)
    assert refused.closed_at is not None
    assert capacity.open_sessions().count() == 3
    # That many wanted the seller at a time, so the pool has room for them the next time.
    assert capacity.wanted_size(number.service) == 4


def test_session_of_which_nothing_was_told_is_found_by_its_name(number, clock):
    for n in range(3):
        text(n, number)
    untold = ProxySession.objects.order_by("pk")[1]
    Interaction.objects.filter(proxy_session=untold).delete()
    sid = untold.session_sid
    ProxySession.objects.filter(pk=untold.pk).update(session_sid=None)
    clock.shift(timedelta(minutes=2))

    capacity.room.forget_those_never_made(number.service, number.seller_id)

    untold.refresh_from_db()
    assert (untold.session_sid, untold.closed_at) == (sid, None)


@pytest.mark.parametrize("fault", [NO_CONNECTION, LOST_ANSWER, 503])
def test_room_is_made_once_twilio_is_back(number, clock, network, fault):
    for n in range(3):
        text(n, number)
    clock.shift(timedelta(minutes=2))
    network.fail(fault, "/Sessions/KC")
    with pytest.raises(TwilioUnavailable):
        capacity.make_room(number.service, number.seller_id)

    tasks.watch_capacity()

    assert len(buyers_connected()) == 2


def test_worker_killed_after_the_close_closes_no_second_session(number, clock, network):
    for n in range(3):
        text(n, number)
    clock.shift(timedelta(minutes=2))
    network.kill(KILLED_AFTER, 1)
    with pytest.raises(Killed):
        capacity.make_room(number.service, number.seller_id)

    tasks.watch_capacity()

    assert len(buyers_connected()) == 2
    assert ProxySession.objects.exclude(closed_at=None).count() == 1


def test_pool_of_one_keeps_its_one_conversation(number, clock, service):
    session(number, "Bob", minutes=5)
    service.pool_numbers.all().delete()
    PoolNumberFactory(service=service)

    assert capacity.make_room(service, number.seller_id) == 0


# More Services


@pytest.fixture
def full(service, monkeypatch):
    """A country whose one Service takes no more sellers."""
    monkeypatch.setattr("proxying.capacity.opening.RESERVED_IN_A_SERVICE", 2)
    for n in range(2):
        ReservedNumberFactory(service=service, proxy_identifier=f"+1415111{n:04}")
    return service


def test_next_service_is_opened_when_the_last_is_full(full, settings):
    tasks.watch_capacity()

    opened = ProxyService.objects.exclude(pk=full.pk).get()
    at_twilio = Service.objects.get(sid=opened.service_sid)
    assert (opened.country, at_twilio.unique_name) == ("US", "shoppingplace-us-1")
    assert at_twilio.out_of_session_callback_url.startswith("http://testserver/")
    assert opened.pool_numbers.exclude(added_at=None).count() == settings.PROXY_POOL_FLOOR
    assert not PlannedService.objects.exists()


def test_service_with_room_is_enough(full):
    ReservedNumber.objects.filter(service=full).first().delete()

    tasks.watch_capacity()

    assert ProxyService.objects.get() == full


def test_each_country_of_sellers_gets_a_service(service, settings):
    settings.SELLER_COUNTRIES = ["US", "GB"]

    tasks.watch_capacity()

    assert set(ProxyService.objects.values_list("country", flat=True)) == {"US", "GB"}


def test_nothing_is_opened_before_the_first_was_made_by_hand(network):
    tasks.watch_capacity()

    assert network.requests == []


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("how", ["we die before", KILLED_AFTER])
def test_service_is_opened_once_though_a_worker_dies(full, network, clock, how, nth):
    capacity.plan_services()
    (pk,) = capacity.due_services()
    network.kill("we die with the request on our lips" if how == "we die before" else how, nth)
    with pytest.raises(Killed):
        capacity.open_service(pk)

    clock.shift(timedelta(minutes=3))
    tasks.watch_capacity()

    assert (ProxyService.objects.count(), Service.objects.count()) == (2, 2)


def test_service_that_staff_made_meanwhile_is_enough(full, network, clock):
    capacity.plan_services()
    by_hand = ProxyServiceFactory(unique_name="shoppingplace-2")

    tasks.watch_capacity()

    assert set(ProxyService.objects.all()) == {full, by_hand}
    assert not PlannedService.objects.exists()


def test_refusal_is_written_down_and_tried_again_later(full, network, clock):
    network.fail((400, '{"code": 80506, "message": "EOS", "status": 400}'), "/v1/Services", times=2)
    tasks.watch_capacity()
    assert "80506" in PlannedService.objects.get().last_error

    tasks.watch_capacity()
    assert network.count("POST", "/v1/Services") == 1

    clock.shift(timedelta(hours=2))
    network.faults.clear()
    tasks.watch_capacity()
    assert ProxyService.objects.count() == 2
