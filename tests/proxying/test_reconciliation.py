"""What we believe and what Twilio has: differences are found, mended once, and then left alone."""

import random
from contextlib import suppress
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from listings.models import Notice
from proxying import provisioning, reconciliation, tasks, twilio_client
from proxying.models import PoolNumber, ProxyService, ReservedNumber, StockNumber, StrayNumber
from proxying.provisioning import NotYet, promise, reserve
from proxying.provisioning.buying import marker
from proxying.reconciliation import Kind, Outcome, reconcile
from proxying.switchboard.models import (
    Fault,
    IncomingPhoneNumber,
    PhoneNumber,
    Purchase,
    Service,
)
from proxying.twilio_client import TwilioUnavailable
from tests.proxying.conftest import KILLED_AFTER, KILLED_BEFORE, LOST_ANSWER, Killed
from tests.proxying.factories import ProxyServiceFactory, SellerFactory

Status = ReservedNumber.Status

pytestmark = pytest.mark.django_db

NEVER_OURS = "00000000-0000-4000-8000-000000000000"
WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def number(service):
    """Tom's number, active."""
    return reserved()


def reserved():
    number = promise(SellerFactory())
    reserve(number.pk)
    number.refresh_from_db()
    assert number.status == Status.ACTIVE
    return number


def at_twilio(row):
    return PhoneNumber.objects.get(pk=row.phone_number_sid)


def vanish(row):
    """The number is taken from the account, as after an unpaid bill or a lost dispute."""
    PhoneNumber.objects.filter(pk=row.phone_number_sid).delete()
    IncomingPhoneNumber.objects.filter(pk=row.phone_number_sid).delete()


def buy(friendly_name):
    e164 = twilio_client.search_for_sale("US")[-1]
    return twilio_client.buy(e164, friendly_name=friendly_name)


def later(**kwargs):
    return time_machine.travel(timezone.now() + timedelta(**kwargs))


def repaired(report):
    return report.kinds(Outcome.REPAIRED)


def assert_settled(network):
    """A run that finds nothing, asks for no change and writes nothing."""
    asked = len(network.requests)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = reconcile()
    assert report.results == []
    assert {line.split()[0] for line in network.requests[asked:]} == {"GET"}
    # The switchboard answers in this process: only our own tables count.
    ours = [query["sql"] for query in queries if '"proxying_' in query["sql"]]
    assert not [sql for sql in ours if sql.startswith(WRITES)]


def test_nothing_is_done_where_nothing_differs(number, network):
    assert_settled(network)


# Drift that is mended in place


def lose_the_reservation(number):
    PhoneNumber.objects.filter(pk=number.phone_number_sid).update(is_reserved=False)


def fall_out_of_the_service(number):
    PhoneNumber.objects.filter(pk=number.phone_number_sid).delete()


def get_into_another_service(number):
    other = Service.objects.create(unique_name="other")
    ProxyServiceFactory(unique_name="other", service_sid=other.sid)
    urls = reconciliation.comparing.callback_urls()
    twilio_client.update_proxy_service(other.sid, urls, default_ttl=3360)
    PhoneNumber.objects.filter(pk=number.phone_number_sid).update(service=other)


DRIFTS = [
    (lose_the_reservation, Kind.NOT_RESERVED),
    (fall_out_of_the_service, Kind.NO_SERVICE),
    (get_into_another_service, Kind.WRONG_SERVICE),
]


@pytest.mark.parametrize(("drift", "kind"), DRIFTS)
def test_drift_of_a_sellers_number_is_mended(number, service, network, drift, kind):
    drift(number)

    assert repaired(reconcile()) == [kind]

    assert at_twilio(number).is_reserved
    assert at_twilio(number).service_id == service.service_sid
    assert_settled(network)


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize(("drift", "kind"), DRIFTS)
def test_death_at_any_request_of_a_repair_is_made_good(number, network, drift, kind, fault):
    drift(number)
    for nth in range(1, 12):
        network.kill(fault, nth)
        with suppress(Killed):
            reconcile()
    network.fatal = ("", 0)

    reconcile()

    assert at_twilio(number).is_reserved
    assert_settled(network)


def test_number_in_a_service_that_is_not_ours_is_left_there(number, network):
    stranger = Service.objects.create(unique_name="somebody else's")
    PhoneNumber.objects.filter(pk=number.phone_number_sid).update(service=stranger)

    report = reconcile()

    assert report.kinds(Outcome.FAILED) == [Kind.NO_SERVICE]
    assert at_twilio(number).service_id == stranger.sid


def test_number_of_the_pool_that_left_it_is_put_back(service, network):
    pooled = service.pool_numbers.first()
    fall_out_of_the_service(pooled)

    assert repaired(reconcile()) == [Kind.NO_SERVICE]

    assert not at_twilio(pooled).is_reserved
    assert_settled(network)


def test_number_of_the_pool_that_is_reserved_is_reported_only(service, network):
    """Perhaps a worker has just taken it for a seller."""
    pooled = service.pool_numbers.first()
    PhoneNumber.objects.filter(pk=pooled.phone_number_sid).update(is_reserved=True)

    report = reconcile()

    assert report.kinds(Outcome.FOUND) == [Kind.RESERVED_IN_POOL]
    assert at_twilio(pooled).is_reserved


def test_number_in_quarantine_is_not_shown_to_anybody_as_somebody_else(number):
    provisioning.release(number)
    lose_the_reservation(number)

    assert repaired(reconcile()) == [Kind.NOT_RESERVED]

    assert at_twilio(number).is_reserved


@pytest.mark.parametrize(
    "change",
    [
        {"callback_url": "https://mallory.example/"},
        {"out_of_session_callback_url": ""},
        {"intercept_callback_url": "https://mallory.example/"},
        {"default_ttl": 1},
    ],
)
def test_changed_service_is_restored(number, network, change):
    Service.objects.update(**change)

    assert repaired(reconcile()) == [Kind.SERVICE_CHANGED]

    at_twilio = Service.objects.get()
    assert at_twilio.out_of_session_callback_url.startswith("http://testserver/proxy/")
    assert "mallory" not in at_twilio.callback_url + at_twilio.intercept_callback_url
    assert_settled(network)


# Paid for, and unknown to us


def test_number_bought_for_a_promise_that_waits_is_adopted(service, network):
    number = promise(SellerFactory())
    sid = buy(marker(number.pk))

    assert repaired(reconcile()) == [Kind.UNCLAIMED]
    reserve(number.pk)

    number.refresh_from_db()
    assert (number.status, number.phone_number_sid) == (Status.ACTIVE, sid)
    assert_settled(network)


def test_promise_that_a_worker_is_at_is_left_alone(service):
    number = promise(SellerFactory())
    buy(marker(number.pk))
    assert ReservedNumber.claim(number.pk, lease=timedelta(minutes=1))

    report = reconcile()

    assert report.kinds(Outcome.LEFT_ALONE) == [Kind.UNCLAIMED]
    number.refresh_from_db()
    assert (number.status, number.attempts) == (Status.PENDING, 1)


def test_number_of_a_row_that_is_gone_is_given_back_after_its_quarantine(service, network):
    sid = buy(marker(NEVER_OURS))

    assert repaired(reconcile()) == [Kind.STRAY]
    assert_settled(network)
    with later(days=89):
        reconcile()
    assert IncomingPhoneNumber.objects.filter(pk=sid).exists()

    with later(days=91):
        reconcile()
        assert_settled(network)
    assert not IncomingPhoneNumber.objects.filter(pk=sid).exists()
    assert not StrayNumber.objects.exists()


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER, LOST_ANSWER])
def test_giving_back_a_stray_survives_a_death_at_any_request(service, network, fault):
    buy(marker(NEVER_OURS))
    reconcile()
    for nth in range(1, 12):
        with later(days=91, hours=2 * nth):
            network.kill(fault, nth)
            with suppress(Killed, TwilioUnavailable):
                reconcile()
    network.fatal = ("", 0)

    with later(days=93):
        reconcile()

    assert IncomingPhoneNumber.objects.count() == service.pool_numbers.count()
    assert not StrayNumber.objects.exists()


def test_stray_that_lost_our_marker_meanwhile_is_not_touched(service):
    sid = buy(marker(NEVER_OURS))
    reconcile()
    IncomingPhoneNumber.objects.filter(pk=sid).update(friendly_name="the office")

    with later(days=91):
        reconcile()

    assert IncomingPhoneNumber.objects.filter(pk=sid).exists()
    assert not StrayNumber.objects.exists()


@pytest.mark.parametrize(
    "name", ["the office", "", "shoppingplace", "shoppingplace:Tom", f"other-site:{NEVER_OURS}"]
)
def test_number_without_our_marker_is_never_touched(service, network, name):
    sid = buy(name)

    for days in (0, 91, 200):
        with later(days=days):
            report = reconcile()
            assert (report.results, report.foreign) == ([], 1)

    assert IncomingPhoneNumber.objects.filter(pk=sid).exists()


def test_number_taken_from_the_pool_is_known_by_its_seller(service, settings, network):
    """Its marker names a row of the pool that is gone since."""
    settings.PROXY_POOL_FLOOR -= 1
    number = reserved()
    assert not PoolNumber.objects.filter(proxy_identifier=number.proxy_identifier).exists()

    assert_settled(network)


# Believed in, and gone


def test_vanished_number_ends_and_its_seller_is_promised_another(number, network):
    seller = number.seller
    vanish(number)

    assert repaired(reconcile()) == [Kind.VANISHED]
    tasks.sweep()

    number.refresh_from_db()
    assert number.status == Status.RELEASED
    assert "no longer" in number.last_error
    assert seller.reserved_numbers.get(status=Status.ACTIVE).pk != number.pk
    assert [notice.user for notice in Notice.objects.all()] == [seller.user]
    assert_settled(network)


def test_vanished_numbers_are_told_once_each(service, network):
    numbers = [reserved() for _ in range(3)]
    for number in numbers:
        vanish(number)

    for _ in range(3):
        reconcile()
        tasks.sweep()

    assert Notice.objects.count() == 3
    assert ReservedNumber.objects.filter(status=Status.ACTIVE).count() == 3


def test_number_that_was_only_missing_in_the_list_stays(number, network, monkeypatch):
    """Bought or brought back between Twilio's list and our look."""
    vanish(number)
    report = reconcile(dry_run=True)
    IncomingPhoneNumber.objects.create(
        sid=number.phone_number_sid, phone_number=number.proxy_identifier, iso_country="US"
    )
    (finding,) = [finding for finding, _outcome in report.results]

    assert finding.repair() is False

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_vanished_number_of_the_pool_is_replaced(service, network, settings):
    vanish(service.pool_numbers.first())

    assert repaired(reconcile()) == [Kind.VANISHED]
    tasks.keep_stock()

    assert service.pool_numbers.exclude(added_at=None).count() == settings.PROXY_POOL_FLOOR
    assert_settled(network)


def test_vanished_number_of_the_stock_is_replaced(service, network, settings):
    settings.NUMBERS_IN_STOCK = 2
    tasks.keep_stock()
    assert_settled(network)
    vanish(StockNumber.objects.first())

    assert repaired(reconcile()) == [Kind.VANISHED]
    tasks.keep_stock()

    assert StockNumber.objects.exclude(phone_number_sid="").count() == 2
    assert_settled(network)


def test_number_that_vanished_while_it_was_reserved_is_chosen_anew(service, network):
    number = promise(SellerFactory())
    network.fail(503, "/PhoneNumbers", times=1)
    with pytest.raises(NotYet):
        reserve(number.pk)
    number.refresh_from_db()
    assert number.status == Status.RESERVING
    vanish(number)

    assert repaired(reconcile()) == [Kind.VANISHED]
    reserve(number.pk)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_number_at_twilio_under_another_sid_is_known_again(number, network):
    """Lost and bought back by hand."""
    vanish(number)
    sid = twilio_client.buy(number.proxy_identifier, friendly_name=marker(number.pk))

    assert repaired(reconcile()) == [Kind.RENAMED]
    assert repaired(reconcile()) == [Kind.NO_SERVICE]

    number.refresh_from_db()
    assert number.phone_number_sid == sid
    assert_settled(network)


@pytest.mark.parametrize("has_learned_its_sid", [False, True])
def test_number_that_came_back_for_another_row_is_not_taken_from_it(
    number, network, has_learned_its_sid
):
    """The intent to buy it was there before it was this seller's, and could not be kept so far."""
    other = StockNumber.objects.create(
        country="US", proxy_identifier=number.proxy_identifier, next_attempt_at=None
    )
    vanish(number)
    sid = twilio_client.buy(number.proxy_identifier, friendly_name=marker(other.pk))
    StockNumber.objects.update(phone_number_sid=sid if has_learned_its_sid else "")

    assert repaired(reconcile()) == [Kind.VANISHED]

    number.refresh_from_db()
    assert number.status == Status.RELEASED


def test_wrong_account_takes_nobodys_number(number, service):
    """Credentials of another account: everything seems to be gone."""
    PhoneNumber.objects.all().delete()
    IncomingPhoneNumber.objects.all().delete()

    report = reconcile()

    assert set(report.kinds(Outcome.FOUND)) == {Kind.VANISHED}
    number.refresh_from_db()
    assert number.status == Status.ACTIVE

    vanished = 1 + service.pool_numbers.count()
    assert repaired(reconcile(however_many=True)) == [Kind.VANISHED] * vanished


def test_service_that_is_gone_is_left_to_staff(number, network):
    Service.objects.all().delete()
    vanish(number)

    report = reconcile()

    assert set(report.kinds(Outcome.FOUND)) == {Kind.SERVICE_GONE, Kind.VANISHED}
    assert repaired(report) == []


# Twilio away, dry runs, the command and the task


@pytest.mark.parametrize("path", ["/v1/Services/", "/PhoneNumbers", "/IncomingPhoneNumbers"])
@pytest.mark.parametrize("fault", [503, 401, (200, '{"incoming_phone_'), LOST_ANSWER])
def test_list_that_is_not_whole_is_believed_in_nothing(number, network, path, fault):
    vanish(number)
    network.fail(fault, path, method="GET", times=99)

    tasks.reconcile_numbers()

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_dry_run_changes_nothing(number, service, network):
    buy(marker(NEVER_OURS))
    lose_the_reservation(number)
    vanish(service.pool_numbers.first())
    asked = len(network.requests)
    out = StringIO()

    call_command("reconcile_numbers", "--dry-run", stdout=out)

    assert {line.split()[0] for line in network.requests[asked:]} == {"GET"}
    assert "3 found, 0 repaired" in out.getvalue()
    assert number.proxy_identifier not in out.getvalue()
    assert not StrayNumber.objects.exists()


def test_command_says_what_it_did(number):
    lose_the_reservation(number)
    out = StringIO()

    call_command("reconcile_numbers", stdout=out)

    assert f"repaired: {number.pk}: no longer reserved" in out.getvalue()


def test_command_says_in_a_line_that_twilio_is_away(service, network):
    network.fail(503, "/v1/Services/", method="GET")

    with pytest.raises(CommandError, match="later"):
        call_command("reconcile_numbers")


def test_time_that_is_up_leaves_the_rest_to_the_next_run(number):
    lose_the_reservation(number)

    assert reconcile(seconds=-1).kinds(Outcome.FOUND) == [Kind.NOT_RESERVED]
    assert not at_twilio(number).is_reserved

    tasks.reconcile_numbers()
    assert at_twilio(number).is_reserved


def test_purchases_and_rows_agree_after_a_lost_answer(service, network):
    """The answer was lost, and the row forgot the number before it looked again."""
    number = promise(SellerFactory())
    network.fail(LOST_ANSWER, "/IncomingPhoneNumbers")
    with pytest.raises(NotYet):
        reserve(number.pk)
    ReservedNumber.objects.update(status=Status.PENDING, service=None, proxy_identifier=None)
    with later(minutes=5):
        reconcile()
        reserve(number.pk)

    assert ReservedNumber.objects.get().status == Status.ACTIVE
    assert Purchase.objects.count() == ProxyService.objects.get().pool_numbers.count() + 1


@pytest.mark.parametrize("seed", range(4))
def test_any_drift_is_mended_though_a_third_of_all_requests_fails(service, network, settings, seed):
    """What was done and not answered is found done; nobody loses a number, none is bought twice."""
    dice = random.Random(seed)
    settings.NUMBERS_IN_STOCK = 1
    numbers = [reserved() for _ in range(3)]
    gone = dice.choice(numbers)
    for number in numbers:
        if number is not gone:
            dice.choice([lose_the_reservation, fall_out_of_the_service])(number)
    vanish(gone)
    buy(marker(NEVER_OURS))
    for kind in ("drop_after", "drop_before", "error_503", "truncated"):
        Fault.objects.create(kind=kind, chance=0.1, seed=seed)

    for turn in range(12):
        with later(minutes=20 * turn):
            tasks.reconcile_numbers()
            tasks.sweep()
            with suppress(TwilioUnavailable):
                tasks.keep_stock()
    Fault.objects.all().delete()
    with later(minutes=600):
        reconcile()
        tasks.sweep()
        tasks.keep_stock()

    assert_settled(network)
    active = ReservedNumber.objects.filter(status=Status.ACTIVE)
    assert sorted(active.values_list("seller", flat=True)) == sorted(
        number.seller_id for number in numbers
    )
    # Ours: three sellers, the pool, one in stock and the stray.
    expected = 3 + service.pool_numbers.count() + 1 + StrayNumber.objects.count()
    assert StrayNumber.objects.count() == 1
    assert IncomingPhoneNumber.objects.count() == expected
