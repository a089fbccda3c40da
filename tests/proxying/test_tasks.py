import pytest
from celery.signals import task_retry
from django.utils import timezone

from proxying import tasks
from proxying.models import Interaction, PoolNumber, ProxySession, ReservedNumber
from proxying.provisioning import promise, release, suspend
from proxying.switchboard.models import Session
from tests.proxying.factories import BOBS_PHONE, SellerFactory

Status = ReservedNumber.Status

pytestmark = pytest.mark.django_db


def reserved():
    number = promise(SellerFactory())
    tasks.reserve_number.delay(str(number.pk))
    number.refresh_from_db()
    return number


def test_task_keeps_the_promise(service):
    assert reserved().status == Status.ACTIVE


def test_sweep_finishes_what_a_lost_task_left(service):
    number = promise(SellerFactory())

    tasks.sweep()

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_sweep_leaves_alone_what_is_not_due(service, network):
    number = promise(SellerFactory())
    ReservedNumber.objects.update(next_attempt_at=timezone.now() + timezone.timedelta(minutes=1))

    tasks.sweep()

    number.refresh_from_db()
    assert (number.status, network.requests) == (Status.PENDING, [])


def test_task_for_a_row_that_is_gone_does_nothing(service, network):
    tasks.reserve_number.delay("00000000-0000-0000-0000-000000000000")

    assert network.requests == []


def test_stock_is_kept_by_buying(service):
    PoolNumber.objects.first().delete()
    before = service.pool_numbers.count()

    tasks.keep_stock()

    assert service.pool_numbers.count() == before + 1


@pytest.fixture
def retries():
    seen = []

    def note(request, **kwargs):
        seen.append(request.id)

    task_retry.connect(note)
    yield seen
    task_retry.disconnect(note)


@pytest.mark.parametrize(("attempts", "times"), [(0, 1), (9, 0)])
def test_attempt_that_is_far_away_is_left_to_the_sweep(service, network, retries, attempts, times):
    """Redis delivers again, every five minutes, what a worker holds back for longer."""
    number = promise(SellerFactory())
    ReservedNumber.objects.update(attempts=attempts)
    network.fail(503, "/AvailablePhoneNumbers", method="GET")

    tasks.reserve_number.delay(str(number.pk))

    assert len(retries) == times


@pytest.mark.parametrize("end", [release, lambda number: suspend(number.seller, "Spam")])
@pytest.mark.parametrize("known", [True, False])
def test_ending_closes_open_sessions(service, bob_texts, end, known):
    """By SID where an interaction has told it, else by the name we gave."""
    number = reserved()
    bob_texts(number.proxy_identifier)
    if not known:
        Interaction.objects.all().delete()
        ProxySession.objects.update(session_sid=None)

    end(number)
    tasks.sweep()

    assert Session.objects.get().status == "closed"
    assert ProxySession.objects.get().closed_at


def test_closing_is_done_once(service, bob_texts, network):
    number = reserved()
    bob_texts(number.proxy_identifier)
    release(number)
    tasks.sweep()
    asked = len(network.requests)

    tasks.sweep()

    assert len(network.requests) == asked


def test_session_that_proxy_is_still_making_is_looked_for_again(service, bob_texts):
    """Our answer is on its way when staff suspend the seller: not found is not yet closed."""
    number = reserved()
    session = ProxySession.objects.create(
        reserved_number=number, buyer_index="b", unique_name="sp-1", contact_sid="CA1"
    )
    suspend(number.seller, "Sold what was not his")

    tasks.sweep()
    session.refresh_from_db()
    assert session.closed_at is None

    ProxySession.objects.update(created_at=timezone.now() - timezone.timedelta(minutes=2))
    tasks.sweep()
    session.refresh_from_db()
    assert session.closed_at


def test_session_that_cannot_be_closed_keeps_no_other_open(service, bob_texts, network):
    number = reserved()
    for digit in "12":
        ProxySession.objects.create(
            reserved_number=number,
            buyer_index="b",
            unique_name=f"sp-{digit}",
            contact_sid=f"CA{digit}",
            session_sid="KC" + digit * 32,
        )
    suspend(number.seller, "Sold what was not his")
    network.fail(403, "/Sessions/")

    tasks.close_proxy_sessions(str(number.pk))

    assert ProxySession.objects.exclude(closed_at=None).count() == 1


def test_open_sessions_of_others_stay_open(service, bob_texts):
    reserved_number = reserved()
    bob_texts(reserved_number.proxy_identifier)

    suspend(SellerFactory(), "Sold what was not his")
    tasks.sweep()

    assert Session.objects.get().status == "in-progress"


def test_no_task_carries_a_number(service, bob_texts):
    """What goes to the broker is an id."""
    assert BOBS_PHONE not in str(tasks.reserve_number.s(str(promise(SellerFactory()).pk)))
