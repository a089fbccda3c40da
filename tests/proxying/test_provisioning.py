"""Every seller gets exactly one number, whatever is away, slow or refusing on the way."""

from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from proxying import provisioning, tasks, twilio_client
from proxying.models import PoolNumber, ReservedNumber, StockNumber
from proxying.provisioning import NotYet, promise, reserve
from proxying.switchboard.models import Fault, IncomingPhoneNumber, Purchase
from proxying.twilio_client import TwilioUnavailable, wire
from tests.proxying.conftest import (
    KILLED_AFTER,
    KILLED_BEFORE,
    LOST_ANSWER,
    NO_CONNECTION,
    Killed,
)
from tests.proxying.factories import SellerFactory

Status = ReservedNumber.Status

BUY = "/IncomingPhoneNumbers"
ADD = "/PhoneNumbers"
A_DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(service):
    """The promise to a new seller in San Francisco; the Service's pool is at its floor."""
    return promise(SellerFactory())


def at_twilio(service, number):
    numbers = twilio_client.list_service_numbers(service.service_sid)
    return next((one for one in numbers if one.proxy_identifier == number.proxy_identifier), None)


def bought_for(number):
    marker = f"shoppingplace:{number.pk}"
    return IncomingPhoneNumber.objects.filter(friendly_name=marker).count()


def keep(number, attempts=6):
    """As the tasks do: again and again, each time later."""
    for attempt in range(attempts):
        day = timezone.now() + attempt * A_DAY
        with time_machine.travel(day, tick=False), suppress(NotYet):
            reserve(number.pk)
        number.refresh_from_db()
        if number.status == Status.ACTIVE:
            break
    return number


def test_promise_is_kept(service, number):
    reserve(number.pk)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE
    assert at_twilio(service, number).is_reserved
    assert (number.last_error, number.next_attempt_at) == ("", None)


def test_sellers_area_code_comes_first(service, number):
    reserve(number.pk)

    number.refresh_from_db()
    assert number.proxy_identifier.startswith("+1415")


def test_promise_is_made_once(service):
    seller = SellerFactory()

    assert promise(seller) == promise(seller)


def test_reserving_again_changes_nothing(service, number, network):
    reserve(number.pk)
    asked = len(network.requests)

    reserve(number.pk)

    assert len(network.requests) == asked


def test_spare_number_is_taken_before_one_is_bought(service, number, settings):
    spent = Purchase.objects.count()
    settings.PROXY_POOL_FLOOR -= 1

    reserve(number.pk)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE
    assert Purchase.objects.count() == spent
    assert not PoolNumber.objects.filter(proxy_identifier=number.proxy_identifier).exists()


def test_floor_of_the_pool_is_never_given_away(service, settings):
    settings.PROXY_POOL_FLOOR -= 2

    for _ in range(4):
        keep(promise(SellerFactory()))

    assert ReservedNumber.objects.filter(status=Status.ACTIVE).count() == 4
    assert service.pool_numbers.count() == settings.PROXY_POOL_FLOOR


def test_spare_number_in_a_session_is_not_taken(service, number, settings):
    """A seller sees it as some buyer: it must not become another seller."""
    taken = set(service.pool_numbers.values_list("proxy_identifier", flat=True))
    for n in range(len(taken)):
        wire.client().proxy.v1.services(service.service_sid).sessions.create(
            unique_name=f"s{n}",
            participants=[
                {"Identifier": "+14152345555"},
                {"Identifier": f"+1310555{n:04}"},
            ],
        )
    settings.PROXY_POOL_FLOOR = 0

    reserve(number.pk)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE
    assert number.proxy_identifier not in taken


def test_number_that_proxy_chose_first_stays_the_pools(service, number, settings, network):
    """A seller was shown it as a buyer before it could be reserved: ours gets another at once."""
    settings.PROXY_POOL_FLOOR -= 2
    network.fail(503, ADD, times=1)
    with pytest.raises(NotYet):
        reserve(number.pk)
    number.refresh_from_db()
    chosen = number.proxy_identifier
    talk_over(service, chosen)
    ReservedNumber.objects.update(next_attempt_at=timezone.now())

    reserve(number.pk)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE
    assert number.proxy_identifier != chosen
    assert service.pool_numbers.exclude(added_at=None).filter(proxy_identifier=chosen).exists()
    numbers = twilio_client.list_service_numbers(service.service_sid)
    assert {one.proxy_identifier for one in numbers if one.is_reserved} == {number.proxy_identifier}


def talk_over(service, proxy_identifier):
    wire.client().proxy.v1.services(service.service_sid).sessions.create(
        unique_name="chosen first",
        participants=[
            {"Identifier": "+14152345555", "ProxyIdentifier": proxy_identifier},
            {"Identifier": "+13105550001"},
        ],
    )


def test_new_number_is_never_in_the_automatic_choice(service, number, network):
    reserve(number.pk)

    number.refresh_from_db()
    assert at_twilio(service, number).is_reserved
    assert network.count("POST", "/switchboard/proxy/") == 1


@pytest.mark.parametrize("model", [PoolNumber, StockNumber])
def test_number_that_another_row_will_buy_is_not_chosen(service, number, model):
    of = {"service": service} if model is PoolNumber else {"country": "US"}
    *promised, free = twilio_client.search_for_sale("US", area_code="415")
    for e164 in promised:
        model.objects.create(proxy_identifier=e164, **of)

    reserve(number.pk)

    number.refresh_from_db()
    assert number.proxy_identifier == free


EVERYWHERE = [
    ("GET", "/AvailablePhoneNumbers"),
    ("GET", BUY),
    ("POST", BUY),
    ("POST", "/v1/Services/"),
]


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
@pytest.mark.parametrize("fault", [429, 500, 503, NO_CONNECTION, LOST_ANSWER])
@pytest.mark.parametrize("times", [1, 3])
def test_one_number_is_bought_whatever_fails(service, number, network, method, path, fault, times):
    network.fail(fault, path, method=method, times=times)

    keep(number)

    assert number.status == Status.ACTIVE
    assert number.attempts >= 2
    assert bought_for(number) == 1


def test_failure_is_told_to_staff_without_numbers(service, number, network):
    network.fail(503, "/AvailablePhoneNumbers", method="GET", times=9)

    with pytest.raises(NotYet):
        reserve(number.pk)

    number.refresh_from_db()
    assert "503" in number.last_error
    assert "5555" not in number.last_error
    assert number.next_attempt_at > timezone.now()


def test_next_attempt_waits_longer_each_time(service, number, network):
    network.fail(503, "/AvailablePhoneNumbers", method="GET", times=99)
    waits = []
    for attempt in range(12):
        with (
            time_machine.travel(timezone.now() + attempt * A_DAY, tick=False),
            pytest.raises(NotYet) as not_yet,
        ):
            reserve(number.pk)
        waits.append(not_yet.value.retry_in)

    assert waits[0] <= 4 < waits[3] <= 32
    assert max(waits) <= 3600


def test_next_attempt_waits_as_long_as_twilio_asks_for(service, number):
    Fault.objects.create(
        kind=Fault.Kind.TOO_MANY, path="api/.*/AvailablePhoneNumbers", retry_after=120
    )

    with pytest.raises(NotYet) as not_yet:
        reserve(number.pk)

    assert not_yet.value.retry_in == 120


def test_before_it_is_due_nothing_is_asked(service, number, network):
    network.fail(503, "/AvailablePhoneNumbers", method="GET")
    with pytest.raises(NotYet):
        reserve(number.pk)
    asked = len(network.requests)

    reserve(number.pk)

    assert len(network.requests) == asked


@pytest.mark.parametrize("path", [BUY, "/v1/Services/"])
def test_final_refusal_is_left_to_staff(service, number, network, path):
    network.fail(403, path)

    reserve(number.pk)

    number.refresh_from_db()
    assert number.is_stuck
    assert "20403" in number.last_error
    assert "+1415" not in number.last_error


def test_staff_make_a_stuck_promise_due_again(service, number, network):
    network.fail(403, BUY)
    reserve(number.pk)

    promise(number.seller)

    assert keep(number).status == Status.ACTIVE
    assert bought_for(number) == 1


def test_sellers_phone_that_does_not_open_is_left_to_staff(number, settings):
    settings.PHONE_NUMBER_KEYS = ["other:" + "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyb3Q="]

    reserve(number.pk)

    number.refresh_from_db()
    assert number.is_stuck
    assert "PHONE_NUMBER_KEYS" in number.last_error


def test_no_service_is_an_obstacle_that_staff_can_read(db):
    number = promise(SellerFactory())

    with pytest.raises(NotYet):
        reserve(number.pk)

    number.refresh_from_db()
    assert "configure_proxy_service" in number.last_error


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("nth", range(1, 5))
def test_death_at_any_request_leaves_a_row_that_is_finished_later(number, network, nth, fault):
    network.kill(fault, nth)
    with pytest.raises(Killed):
        reserve(number.pk)

    with time_machine.travel(timezone.now() + A_DAY, tick=False):
        tasks.sweep()

    number.refresh_from_db()
    assert number.status == Status.ACTIVE
    assert bought_for(number) == 1


def test_sleeper_who_wakes_up_late_changes_nothing(number):
    """His lease is over and another has begun: what he writes is refused."""
    sleeper = ReservedNumber.objects.get(pk=number.pk)
    reserve(number.pk)

    assert not sleeper.advance(status=Status.PENDING, proxy_identifier=None, service=None)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_number_of_ours_without_the_marker_is_left_alone(service, number, network):
    """Somebody else in the company owns the chosen number: not ours to take."""
    network.fail(503, BUY)
    with pytest.raises(NotYet):
        reserve(number.pk)
    number.refresh_from_db()
    foreign = number.proxy_identifier
    twilio_client.buy(foreign, friendly_name="the office")

    keep(number)

    assert number.status == Status.ACTIVE
    assert number.proxy_identifier != foreign
    assert IncomingPhoneNumber.objects.get(phone_number=foreign).friendly_name == "the office"


@pytest.fixture
def empty_shelf(network):
    """Twilio offers numbers, and then says of each that it is taken."""
    taken = '{"code": 21422, "message": "not available", "status": 400}'
    network.fail((400, taken), BUY, times=99)


def test_number_that_is_offered_but_not_to_be_had_waits_its_turn(number, network, empty_shelf):
    with pytest.raises(NotYet, match="not to be had"):
        reserve(number.pk)

    assert network.count("POST", BUY) == 1
    number.refresh_from_db()
    assert number.status == Status.PENDING


def test_pool_does_not_insist_on_what_is_not_to_be_had(service, settings, network, empty_shelf):
    settings.PROXY_POOL_FLOOR += 1

    assert provisioning.fill_pool(service) == 0

    assert network.count("POST", BUY) == 1


# The pool


def test_pool_is_filled_to_its_floor_once(service, settings):
    assert provisioning.fill_pool(service) == 0
    assert service.pool_numbers.exclude(added_at=None).count() == settings.PROXY_POOL_FLOOR


@pytest.mark.parametrize("fault", [429, 503, NO_CONNECTION, LOST_ANSWER])
@pytest.mark.parametrize("path", [BUY, "/v1/Services/"])
def test_pool_number_is_bought_once_whatever_fails(service, settings, network, fault, path):
    settings.PROXY_POOL_FLOOR += 1
    network.fail(fault, path)
    with pytest.raises(TwilioUnavailable):
        provisioning.fill_pool(service)

    provisioning.fill_pool(service)

    assert service.pool_numbers.count() == settings.PROXY_POOL_FLOOR
    assert IncomingPhoneNumber.objects.count() == settings.PROXY_POOL_FLOOR


# The end


def reserved(seller):
    number = promise(seller)
    reserve(number.pk)
    number.refresh_from_db()
    return number


def test_released_number_is_quarantined_and_seller_may_get_another(service):
    first = reserved(SellerFactory())

    provisioning.release(first)

    assert first.status == Status.QUARANTINED
    assert reserved(first.seller).proxy_identifier != first.proxy_identifier


def test_promise_released_before_a_number_was_chosen_is_over(service):
    number = promise(SellerFactory())

    provisioning.release(number)

    assert number.status == Status.RELEASED


def test_number_released_while_its_purchase_was_unclear_is_given_back(service, network):
    number = promise(SellerFactory())
    network.fail(LOST_ANSWER, BUY)
    with pytest.raises(NotYet):
        reserve(number.pk)
    provisioning.release(ReservedNumber.objects.get(pk=number.pk))

    for days in (91, 92):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            provisioning.give_back_quarantined()

    assert bought_for(number) == 0
