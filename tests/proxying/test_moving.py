"""A seller whose number is harvested takes another, and loses nobody they know."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from proxying import provisioning, tasks
from proxying.callbacks import spoken
from proxying.models import Interaction, ProxySession, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import moving
from proxying.provisioning.ending import sessions_to_close
from proxying.provisioning.moving import CannotMove
from proxying.routing import Answer
from proxying.switchboard.models import Message
from tests.proxying.callbacks import contact, interaction
from tests.proxying.conftest import KILLED_AFTER, KILLED_BEFORE, Killed
from tests.proxying.factories import (
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    ReservedNumberFactory,
    SellerFactory,
    tom,
)

Status = ReservedNumber.Status
MALLORYS_PHONE = "+14155550166"
PASSWORD = "a long enough password"
MOVE = "/seller/number/move/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(service):
    """Tom with a number that the switchboard knows; the phones of all three."""
    seller = SellerFactory(display_name="Tom", phone_number=PhoneNumber(TOMS_PHONE))
    provisioning.reserve(provisioning.promise(seller).pk)
    phones = [(BOBS_PHONE, "Bob"), (TOMS_PHONE, "Tom"), (MALLORYS_PHONE, "Mallory")]
    call_command("seed_switchboard", phone=phones, verbosity=0)
    return Seller.objects.get()


def text(sender, to, body="Is it still there?"):
    """Whom it reached, and from which number it came there; None when nobody."""
    answer = Client().post(
        "/switchboard/phones/api/messages", {"from": sender, "to": to, "body": body}
    )
    assert answer.status_code == 201, answer.content
    newest = Message.objects.filter(body=body, status=Message.Status.DELIVERED)
    arrived = newest.exclude(to=to).order_by("-date_created", "-sid").first()
    return (arrived.to, arrived.from_number) if arrived else None


def later(**time):
    return time_machine.travel(timezone.now() + timedelta(**time))


def moved(seller):
    """The old number and the new one."""
    old = seller.reserved_numbers.get()
    new = moving.move(seller)
    provisioning.reserve(new.pk)
    old.refresh_from_db()
    new.refresh_from_db()
    return old, new


def numbers():
    return sorted(ReservedNumber.objects.values_list("status", "is_for_move"))


def test_old_number_works_until_the_new_one_is_active(seller):
    old = seller.reserved_number
    moving.move(seller)

    assert Seller.objects.get().reserved_number == old
    assert numbers() == [("active", False), ("pending", True)]
    assert text(BOBS_PHONE, old.proxy_identifier)[0] == TOMS_PHONE


def test_new_number_takes_the_place_of_the_old_one_at_once(seller):
    old, new = moved(seller)

    assert (old.status, new.status, new.is_for_move) == (Status.RETIRING, Status.ACTIVE, False)
    assert Seller.objects.get().reserved_number == new
    assert Seller.objects.reachable().get() == seller


def test_known_buyer_reaches_the_seller_on_the_old_number(seller):
    old = seller.reserved_number.proxy_identifier
    _, seen_by_tom = text(BOBS_PHONE, old, "hello")
    assert text(TOMS_PHONE, seen_by_tom, "yes, it is") == (BOBS_PHONE, old)
    moved(seller)

    with later(hours=2):
        assert text(BOBS_PHONE, old, "still me")[0] == TOMS_PHONE


def test_stranger_on_the_old_number_hears_nothing_and_reaches_nobody(seller):
    old, new = moved(seller)

    assert text(MALLORYS_PHONE, old.proxy_identifier, "buy pills") is None
    assert text(MALLORYS_PHONE, new.proxy_identifier, "buy a bike")[0] == TOMS_PHONE


def test_stranger_on_the_old_number_hears_what_everybody_hears():
    """Asked of us alone: Proxy would ask again before it lets the text through."""
    seller = tom()
    seller.reserved_numbers.update(status=Status.RETIRING, moved_at=timezone.now())

    assert contact(MALLORYS_PHONE, TOMS_NUMBER).content == spoken(Answer.NEUTRAL)
    assert not ProxySession.objects.exists()


def test_buyer_whom_the_seller_never_answered_is_a_stranger(seller):
    old = seller.reserved_number.proxy_identifier
    assert text(MALLORYS_PHONE, old, "buy pills")
    moved(seller)

    with later(hours=2):
        assert text(MALLORYS_PHONE, old, "buy more pills") is None


def test_seller_answers_later_and_the_buyer_sees_the_number_they_know(seller):
    old = seller.reserved_number.proxy_identifier
    _, seen_by_tom = text(BOBS_PHONE, old, "hello")
    moved(seller)

    with later(hours=2):
        assert text(TOMS_PHONE, seen_by_tom, "I was away") == (BOBS_PHONE, old)
    with later(hours=4):
        assert text(BOBS_PHONE, old, "never mind")[0] == TOMS_PHONE


def test_buyer_is_forgotten_after_half_a_year(seller):
    old = seller.reserved_number.proxy_identifier
    _, seen_by_tom = text(BOBS_PHONE, old, "hello")
    text(TOMS_PHONE, seen_by_tom, "yes")
    moved(seller)

    with later(days=181):
        assert text(BOBS_PHONE, old, "long time") is None


def test_open_session_of_a_stranger_is_closed_and_of_a_known_buyer_kept(seller):
    old = seller.reserved_number.proxy_identifier
    _, seen_by_tom = text(BOBS_PHONE, old, "hello")
    text(TOMS_PHONE, seen_by_tom, "yes")
    text(MALLORYS_PHONE, old, "buy pills")
    assert not sessions_to_close().exists()

    moved(seller)
    for number in ReservedNumber.objects.all():
        tasks.close_proxy_sessions(str(number.pk))

    assert ProxySession.objects.filter(closed_at=None).count() == 1
    assert text(BOBS_PHONE, old, "more")[0] == TOMS_PHONE
    assert text(MALLORYS_PHONE, old, "more pills") is None


def test_strangers_open_session_carries_nothing_before_it_is_closed(seller):
    text(MALLORYS_PHONE, seller.reserved_number.proxy_identifier, "buy pills")
    moved(seller)
    known = Interaction.objects.get()

    event = {
        "interactionServiceSid": ReservedNumber.objects.first().service.service_sid,
        "interactionSessionSid": known.session_sid,
        "inboundParticipantSid": ProxySession.objects.get().first_participant_sid,
    }
    assert interaction("intercept_callback", number=5, **event).status_code == 403


def test_old_number_goes_into_quarantine_after_a_year(seller):
    old, _ = moved(seller)

    with later(days=364):
        provisioning.give_back_quarantined()
    old.refresh_from_db()
    assert old.status == Status.RETIRING

    with later(days=366):
        provisioning.give_back_quarantined()
    old.refresh_from_db()
    assert old.status == Status.QUARANTINED


def test_seller_moves_once_in_thirty_days(seller):
    moved(seller)

    with later(days=29), pytest.raises(CannotMove):
        moving.move(seller)
    with later(days=31):
        assert moving.move(Seller.objects.get()).is_for_move


def test_asking_twice_is_one_promise(seller):
    assert moving.move(seller) == moving.move(seller)
    assert numbers() == [("active", False), ("pending", True)]


def test_seller_never_has_two_numbers_or_two_moves(seller):
    moving.move(seller)

    for more in ({"is_for_move": True}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReservedNumberFactory(pending=True, seller=seller, **more)


@pytest.mark.parametrize("nth", range(1, 6))
@pytest.mark.parametrize("what", [KILLED_BEFORE, KILLED_AFTER])
def test_move_survives_death_at_every_request(seller, network, what, nth):
    new = moving.move(seller)
    network.kill(what, nth)
    for hours in range(5):
        with later(hours=hours):
            try:
                provisioning.reserve(new.pk)
            except (Killed, provisioning.NotYet):
                assert "active" in dict(numbers())

    assert numbers() == [("active", False), ("retiring", False)]


def test_leaving_ends_all_of_it(seller):
    moved(seller)
    with later(days=31):
        moving.move(Seller.objects.get())
    Seller.objects.get().leave()

    assert numbers() == [("quarantined", False), ("quarantined", False), ("released", False)]


def test_number_lost_during_the_move_is_replaced_by_the_next_one(seller):
    lost = seller.reserved_number
    new = moving.move(seller)
    lost.retire()
    needless = provisioning.promise(Seller.objects.get())
    provisioning.reserve(new.pk)

    needless.refresh_from_db()
    assert needless.status == Status.RELEASED
    assert Seller.objects.get().reserved_number == new


# The page


@pytest.fixture
def toms(client):
    """Tom's browser. He gave his password just now."""
    seller = tom()
    seller.user.password = make_password(PASSWORD)
    seller.user.save()
    client.force_login(seller.user)
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


def test_page_asks_who_is_there_once_more(client):
    seller = tom()
    seller.user.password = make_password(PASSWORD)
    seller.user.save()
    client.force_login(seller.user)

    assert client.get(MOVE).url.startswith("/accounts/reauthenticate/")
    assert client.post(MOVE).url == MOVE
    assert not ReservedNumber.objects.filter(is_for_move=True).exists()


def test_page_begins_the_move_and_says_so(toms, django_capture_on_commit_callbacks):
    assert "+1 415-111-1111" in toms.get(MOVE).content.decode()

    with django_capture_on_commit_callbacks() as nudges:
        assert toms.post(MOVE).url == "/seller/number/"

    assert len(nudges) == 1
    assert "A new number is being reserved" in toms.get("/seller/number/").content.decode()


def test_page_says_when_the_next_move_is_possible(toms):
    ReservedNumberFactory(
        seller=Seller.objects.get(), status=Status.RETIRING, moved_at=timezone.now()
    )

    page = toms.get(MOVE).content.decode()
    assert "once in 30 days" in page
    assert "<form method" not in page.split("<main")[1]
    assert toms.post(MOVE).url == MOVE
    assert not ReservedNumber.objects.filter(is_for_move=True).exists()
    assert "also reach you on your old number" in toms.get("/seller/number/").content.decode()


def test_page_moves_nobody_elses_number(toms):
    mallory = ReservedNumberFactory().seller
    toms.force_login(mallory.user)
    toms.post(MOVE)

    assert not Seller.objects.get(display_name="Tom").reserved_numbers.filter(is_for_move=True)


@pytest.mark.parametrize("who", ["suspended", "without a number"])
def test_who_has_no_number_is_sent_to_the_page_that_says_why(toms, who):
    seller = Seller.objects.get()
    if who == "suspended":
        provisioning.suspend(seller, "")
    else:
        provisioning.release(seller.reserved_number)

    assert toms.get(MOVE).url == toms.post(MOVE).url == "/seller/number/"
