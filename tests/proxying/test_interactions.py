import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection, transaction
from django.utils import timezone

from proxying.encryption import blind_index
from proxying.models import Block, Interaction, ProxySession
from tests.proxying.callbacks import contact, interaction
from tests.proxying.factories import BOBS_PHONE, TOMS_NUMBER, ProxyServiceFactory, tom

FIRST_TEXT = f"SM{1:032x}"
BOB = f"KP{1:032x}"
TOM = f"KP{2:032x}"

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    ProxyServiceFactory(service_sid=f"KS{0:032x}")
    seller = tom()
    contact(BOBS_PHONE, TOMS_NUMBER, FIRST_TEXT)
    return seller


def test_first_interaction_ties_session_to_the_contact(seller):
    assert interaction().status_code == 204

    session = ProxySession.objects.get()
    assert session.session_sid == f"KC{1:032x}"
    assert Interaction.objects.get().proxy_session == session


def test_later_interaction_belongs_to_the_same_session(seller):
    interaction()
    interaction(interactionSid=f"KI{2:032x}", inboundResourceSid=f"SM{2:032x}")

    assert set(Interaction.objects.values_list("proxy_session", flat=True)) == {
        ProxySession.objects.get().pk
    }


def test_text_of_the_message_is_not_stored(seller):
    interaction()

    assert "still there" not in str(list(Interaction.objects.values()))


def test_repeated_event_changes_nothing(seller):
    interaction()
    before = list(Interaction.objects.values())

    interaction()

    assert list(Interaction.objects.values()) == before


@pytest.mark.parametrize(
    "order", list(permutations(["initiated", "ringing", "in-progress", "completed"]))
)
def test_statuses_end_the_same_in_any_order(seller, order):
    for status in order:
        interaction(inboundResourceStatus=status, outboundResourceStatus=status)

    done = Interaction.objects.get()
    assert (done.inbound_status, done.outbound_status) == ("completed", "completed")


def test_final_status_is_not_replaced_by_another_final_one(seller):
    interaction(outboundResourceStatus="completed")
    interaction(outboundResourceStatus="failed")

    assert Interaction.objects.get().outbound_status == "completed"


def test_unknown_word_does_not_replace_a_known_status(seller):
    interaction(inboundResourceStatus="ringing")
    interaction(inboundResourceStatus="teleported")

    assert Interaction.objects.get().inbound_status == "ringing"


def test_event_of_a_foreign_service_leaves_no_trace(seller):
    response = interaction(interactionServiceSid="KS" + "f" * 32)

    assert response.status_code == 204
    assert not Interaction.objects.exists()


def test_event_of_an_unknown_session_is_recorded_alone(seller):
    interaction(number=7)

    assert Interaction.objects.get().proxy_session is None


def test_event_costs_at_most_four_statements(seller, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        interaction()


def test_first_interaction_tells_which_participant_is_the_buyer(seller):
    interaction(inboundParticipantSid=BOB, outboundParticipantSid=TOM)

    assert ProxySession.objects.get().first_participant_sid == BOB
    assert Interaction.objects.get().from_buyer is True


def test_first_interaction_of_a_session_back_to_the_buyer_is_the_sellers(seller):
    ProxySession.objects.update(begun_by_seller=True)

    interaction(inboundParticipantSid=TOM, outboundParticipantSid=BOB)

    assert ProxySession.objects.get().first_participant_sid == TOM
    assert Interaction.objects.get().from_buyer is False


@pytest.mark.parametrize(("caller", "from_buyer"), [(BOB, True), (TOM, False)])
def test_later_interaction_is_of_whoever_its_participant_says(seller, caller, from_buyer):
    interaction(inboundParticipantSid=BOB)

    later(inboundParticipantSid=caller)

    assert Interaction.objects.get(interaction_sid=f"KI{2:032x}").from_buyer is from_buyer


def test_event_that_comes_before_the_first_is_put_right_by_the_next(seller):
    later(inboundParticipantSid=TOM)
    interaction(inboundParticipantSid=BOB)

    later(inboundParticipantSid=TOM, outboundResourceStatus="delivered")

    answer = Interaction.objects.get(interaction_sid=f"KI{2:032x}")
    assert answer.proxy_session == ProxySession.objects.get()
    assert answer.from_buyer is False


@pytest.mark.parametrize(
    ("data", "reference"),
    [
        ('{"body": "Is the oak table (K7Q2M) still there?"}', "K7Q2M"),
        ('{"body": " K7Q2M "}', "K7Q2M"),
        ('{"body": "GREAT"}', ""),
        ('{"body": "(k7q2m) (K7Q20) (K7Q2MM)"}', ""),
        ('{"body": 7}', ""),
        ('{"duration": "5"}', ""),
        ("[" * 5_000, ""),
        ('["body"]', ""),
        ("", ""),
    ],
)
def test_item_is_what_the_text_names(seller, data, reference):
    assert interaction(interactionData=data).status_code == 204

    assert Interaction.objects.get().item_reference == reference


def later(name="interaction_callback", **fields):
    """The second interaction of the Session."""
    second = {"interactionSid": f"KI{2:032x}", "inboundResourceSid": f"SM{2:032x}"}
    return interaction(name, **second | fields)


@pytest.mark.django_db(transaction=True)
def test_two_texts_that_begin_one_session_at_once_are_both_recorded(seller):
    second = f"SM{2:032x}"
    contact(BOBS_PHONE, TOMS_NUMBER, second)

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        ProxySession.objects.filter(contact_sid=FIRST_TEXT).update(session_sid=f"KC{1:032x}")
        answer = other.submit(in_thread, interactionSid=f"KI{2:032x}", inboundResourceSid=second)
        until_somebody_waits()
    assert answer.result().status_code == 204
    assert Interaction.objects.count() == 1
    assert ProxySession.objects.filter(session_sid=f"KC{1:032x}").count() == 1


def in_thread(**fields):
    try:
        return interaction(**fields)
    finally:
        connection.close()


def until_somebody_waits():
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
            time.sleep(0.01)
    pytest.fail("nobody waits for this transaction")


def test_intercept_lets_a_buyer_through(seller, django_assert_num_queries):
    with django_assert_num_queries(3):
        assert interaction("intercept_callback").status_code == 204
    with django_assert_num_queries(2):
        assert later("intercept_callback").status_code == 204


def test_intercept_stops_a_blocked_buyer_at_the_first_interaction(seller):
    Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))

    assert interaction("intercept_callback").status_code == 403


def test_intercept_stops_a_blocked_buyer_in_a_running_session(seller):
    interaction()
    Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))
    later = {"interactionSid": f"KI{2:032x}", "inboundResourceSid": f"SM{2:032x}"}

    assert interaction("intercept_callback", **later).status_code == 403


def test_intercept_stops_a_pair_blocked_when_nothing_was_told_of_the_first_text(seller):
    interaction("intercept_callback")
    Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))

    assert later("intercept_callback").status_code == 403


def test_intercept_knows_only_the_blocked_pair(seller):
    Block.objects.create(seller=seller, buyer_index=blind_index("+13105550199"))

    assert interaction("intercept_callback").status_code == 204


def test_intercept_of_an_unknown_session_lets_through(seller):
    assert interaction("intercept_callback", number=9).status_code == 204


CALL = {"interactionType": "Voice", "interactionData": ""}


@pytest.fixture
def asleep(seller):
    """These are Tom's quiet hours."""
    now = timezone.now()
    seller.time_zone = "UTC"
    seller.quiet_from = (now - timedelta(hours=1)).time()
    seller.quiet_until = (now + timedelta(hours=1)).time()
    interaction(inboundParticipantSid=BOB)
    seller.save()


@pytest.fixture
def away(seller):
    interaction(inboundParticipantSid=BOB)
    seller.away_until = timezone.now() + timedelta(days=1)
    seller.save()


def test_intercept_stops_a_call_in_the_quiet_hours(asleep):
    assert later("intercept_callback", inboundParticipantSid=BOB, **CALL).status_code == 403


def test_buyer_is_known_where_nothing_but_the_sellers_first_text_was_told(asleep):
    ProxySession.objects.update(begun_by_seller=True, session_sid=None, first_participant_sid="")

    interaction("intercept_callback", inboundParticipantSid=TOM)

    assert later("intercept_callback", inboundParticipantSid=TOM, **CALL).status_code == 204
    assert later("intercept_callback", inboundParticipantSid=BOB, **CALL).status_code == 403


def test_intercept_lets_a_text_through_in_the_quiet_hours(asleep):
    assert later("intercept_callback", inboundParticipantSid=BOB).status_code == 204


def test_intercept_stops_calls_and_texts_to_an_away_seller(away, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert later("intercept_callback", inboundParticipantSid=BOB).status_code == 403
    assert later("intercept_callback", inboundParticipantSid=BOB, **CALL).status_code == 403


@pytest.mark.parametrize("state", ["asleep", "away"])
def test_intercept_never_stops_the_sellers_own_call(state, request):
    request.getfixturevalue(state)

    assert later("intercept_callback", inboundParticipantSid=TOM, **CALL).status_code == 204


def test_intercept_of_the_sellers_first_call_back_lets_through(seller):
    ProxySession.objects.update(begun_by_seller=True)
    seller.away_until = timezone.now() + timedelta(days=1)
    seller.save()

    assert interaction("intercept_callback", **CALL).status_code == 204


def test_intercept_stops_what_would_ring_an_old_phone(seller):
    seller.phone_verified_at = timezone.now()
    seller.save()

    assert interaction("intercept_callback").status_code == 403
