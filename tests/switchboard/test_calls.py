"""Calls between two people who never see each other's number, and what the line says."""

import json

import pytest

from proxying.switchboard.models import Alert, Call, Interaction, Session
from proxying.switchboard.tasks import tick
from tests.switchboard.cast import BETH, BOB, POOL_1, POOL_2, TOM, TOMS_NUMBER, own

TO_TOM = json.dumps({"ttl": 3360, "participantIdentifier": TOM})


def alert_codes():
    return list(Alert.objects.values_list("error_code", flat=True))


def status_at_both_ends(phones):
    return phones.rings(BOB)["status"], phones.rings(TOM)["status"]


@pytest.fixture
def ringing(phones, shop, customer, clock):
    """Bob has dialled Tom's number, and Tom's phone rings; Tom's leg."""
    customer.answers_json(TO_TOM)
    phones.call(BOB, TOMS_NUMBER)
    return phones.rings(TOM)


def test_call_to_a_reserved_number_rings_under_a_pool_number(phones, ringing):
    assert (ringing["status"], ringing["direction"]) == ("ringing", "inbound")
    assert ringing["from"] in {POOL_1, POOL_2}
    assert ringing["to"] == TOM
    bobs = phones.rings(BOB)
    assert (bobs["status"], bobs["from"], bobs["to"]) == ("ringing", BOB, TOMS_NUMBER)


def test_answered_call_is_live_at_both_ends_and_ends_at_both(phones, ringing, clock):
    answered = phones.answer(ringing["sid"])
    assert answered["status"] == "in-progress"
    assert status_at_both_ends(phones) == ("in-progress", "in-progress")

    clock.shift(65)
    assert phones.rings(TOM)["duration"] == 65
    phones.hang_up(phones.rings(BOB)["sid"])

    assert status_at_both_ends(phones) == ("completed", "completed")
    assert phones.rings(TOM)["duration"] == phones.rings(BOB)["duration"] == 65


def test_called_one_hangs_up_and_the_call_is_over(phones, ringing):
    phones.answer(ringing["sid"])

    phones.hang_up(ringing["sid"])

    assert status_at_both_ends(phones) == ("completed", "completed")


def test_declined_call_is_busy_for_the_caller(phones, ringing):
    phones.hang_up(ringing["sid"])

    assert status_at_both_ends(phones) == ("busy", "busy")


def test_caller_who_gives_up_stops_the_ringing(phones, ringing):
    phones.hang_up(phones.rings(BOB)["sid"])

    assert status_at_both_ends(phones) == ("canceled", "canceled")


def test_call_that_nobody_answers_ends_after_half_a_minute(phones, ringing, clock):
    clock.shift(29)
    assert status_at_both_ends(phones) == ("ringing", "ringing")

    clock.shift(2)
    assert status_at_both_ends(phones) == ("no-answer", "no-answer")


def test_tick_ends_it_when_nobody_looks(ringing, clock):
    clock.shift(31)

    tick()

    assert set(Call.objects.values_list("status", flat=True)) == {"no-answer"}


def test_second_caller_finds_the_phone_busy(phones, ringing):
    phones.call(BETH, TOMS_NUMBER)

    assert phones.rings(BETH)["status"] == "busy"
    assert status_at_both_ends(phones)[0] == "ringing"


def test_call_cannot_be_answered_twice_or_after_its_end(phones, ringing):
    phones.answer(ringing["sid"])
    assert phones.post(f"calls/{ringing['sid']}/answer", {}).status_code == 409

    phones.hang_up(ringing["sid"])
    assert phones.post(f"calls/{ringing['sid']}/answer", {}).status_code == 409
    assert phones.hang_up(ringing["sid"])["status"] == "completed"


def test_caller_cannot_answer_their_own_call(phones, ringing):
    answer = phones.post(f"calls/{phones.rings(BOB)['sid']}/answer", {})

    assert answer.status_code == 409
    assert status_at_both_ends(phones) == ("ringing", "ringing")


def test_call_back_reaches_the_buyer_under_the_reserved_number(phones, ringing, clock):
    phones.hang_up(ringing["sid"])
    clock.shift(1)

    phones.call(TOM, ringing["from"])

    assert phones.rings(BOB)["from"] == TOMS_NUMBER
    assert phones.rings(BOB)["direction"] == "inbound"


def test_stranger_is_told_of_with_the_documented_fields(ringing, customer):
    [told] = customer.told("out-of-session")

    assert (told["From"], told["Caller"], told["To"], told["Called"]) == (
        BOB,
        BOB,
        TOMS_NUMBER,
        TOMS_NUMBER,
    )
    assert (told["CallStatus"], told["Direction"]) == ("ringing", "inbound")
    assert told["CallSid"].startswith("CA")
    assert json.loads(told["AddOns"])["status"] == "successful"
    assert "MessageSid" not in told


def test_each_change_of_the_call_is_told(phones, ringing, customer, clock):
    phones.answer(ringing["sid"])
    clock.shift(5)
    phones.hang_up(ringing["sid"])

    told = customer.told("callback")
    assert [(t["inboundResourceStatus"], t["outboundResourceStatus"]) for t in told] == [
        ("ringing", "ringing"),
        ("in-progress", "in-progress"),
        ("completed", "completed"),
    ]
    assert told[0]["interactionType"] == "Voice"
    assert told[0]["interactionData"] == ""
    assert json.loads(told[-1]["interactionData"]) == {"duration": "5"}
    assert Interaction.objects.get().outbound_resource_type == "Call"


def test_intercept_403_ends_the_call(phones, shop, customer):
    customer.answers_json(TO_TOM)
    customer.answers_status(403, name="intercept")

    phones.call(BOB, TOMS_NUMBER)

    assert phones.rings(BOB)["status"] == "failed"
    assert phones.of(TOM)["calls"] == []
    assert alert_codes() == [80909]


def test_call_into_a_message_only_session_fails(phones, shop, customer):
    customer.answers_json(json.dumps({"participantIdentifier": TOM, "mode": "message-only"}))

    phones.call(BOB, TOMS_NUMBER)

    assert phones.rings(BOB)["status"] == "failed"
    assert alert_codes() == [80911]


def test_call_that_the_callback_refuses_fails(phones, shop, customer):
    customer.answers_status(500)

    assert phones.call(BOB, TOMS_NUMBER)["status"] == "failed"
    assert alert_codes() == [80913]


@pytest.mark.parametrize("sender", ["anonymous", "72345", "+266696687"])
def test_caller_without_a_number_gets_no_session(phones, shop, customer, sender):
    customer.answers_json(TO_TOM)

    assert phones.call(sender, TOMS_NUMBER)["status"] == "failed"

    assert customer.told("out-of-session")[0]["From"] == sender
    assert alert_codes() == [80404]
    assert not Session.objects.exists()
    assert phones.of(TOM)["calls"] == []


def test_call_without_a_callback_leaves_80902(phones, shop):
    shop.update(out_of_session_callback_url="")

    assert phones.call(BOB, TOMS_NUMBER)["status"] == "failed"
    assert alert_codes() == [80902]


def test_call_to_a_number_that_nobody_has_fails(phones):
    assert phones.call(BOB, "+14158880000")["status"] == "failed"


def test_call_that_is_forwarded_into_our_own_numbers_fails(phones, shop, customer):
    customer.answers_json(json.dumps({"participantIdentifier": BETH[:-1] + "0"}))
    own(BETH[:-1] + "0")

    assert phones.call(BOB, TOMS_NUMBER)["status"] == "failed"


def test_line_says_what_the_twiml_says(phones, shop, customer):
    customer.answers_twiml("<Say>This seller has moved.</Say><Play>http://x.example/a.mp3</Play>")

    call = phones.call(BOB, TOMS_NUMBER)

    assert call["heard"] == ["This seller has moved.", "♪ http://x.example/a.mp3"]
    assert call["status"] == "completed"


def test_hangup_leaves_the_rest_unsaid(phones, shop, customer):
    customer.answers_twiml("<Say>Bye.</Say><Hangup/><Say>Never.</Say>")

    assert phones.call(BOB, TOMS_NUMBER)["heard"] == ["Bye."]


@pytest.mark.parametrize(
    ("reason", "status"),
    [("", "failed"), (' reason="rejected"', "failed"), (' reason="busy"', "busy")],
)
def test_reject_never_picks_up(phones, shop, customer, reason, status):
    customer.answers_twiml(f"<Reject{reason}/>")

    call = phones.call(BOB, TOMS_NUMBER)

    assert (call["status"], call["date_answered"]) == (status, None)


def test_pause_is_waited_for_without_holding_anybody(phones, shop, customer, clock):
    customer.answers_twiml('<Say>One moment.</Say><Pause length="4"/><Say>Thanks.</Say>')
    assert phones.call(BOB, TOMS_NUMBER)["status"] == "in-progress"

    clock.shift(3)
    assert phones.rings(BOB)["heard"] == ["One moment."]

    clock.shift(2)
    tick()
    assert phones.rings(BOB)["heard"] == ["One moment.", "Thanks."]
    assert phones.rings(BOB)["status"] == "completed"


def test_redirect_after_a_pause_asks_again(phones, shop, customer, clock):
    customer.answers_twiml('<Pause length="4"/><Redirect>again</Redirect>')
    customer.answers_twiml("<Say>Now.</Say>", name="again")
    phones.call(BOB, TOMS_NUMBER)

    clock.shift(5)

    assert phones.rings(BOB)["heard"] == ["Now."]
    assert customer.told("again")[0]["From"] == BOB


def test_redirect_to_itself_ends(phones, shop, customer):
    customer.answers_twiml("<Redirect>out-of-session</Redirect>")

    assert phones.call(BOB, TOMS_NUMBER)["status"] == "completed"
    assert len(customer.told("out-of-session")) == 11


def test_caller_hangs_up_in_a_pause_and_nothing_follows(phones, shop, customer, clock):
    customer.answers_twiml('<Pause length="4"/><Say>Never.</Say>')
    sid = phones.call(BOB, TOMS_NUMBER)["sid"]

    phones.hang_up(sid)
    clock.shift(5)

    assert phones.rings(BOB)["heard"] == []
    assert phones.rings(BOB)["status"] == "completed"


def test_dial_rings_the_number_under_the_caller_id(phones, shop, customer):
    customer.answers_twiml(
        f'<Dial callerId="{TOMS_NUMBER}" answerOnBridge="true"><Number>{BETH}</Number></Dial>'
        "<Say>Goodbye.</Say>"
    )
    assert phones.call(BOB, TOMS_NUMBER)["status"] == "ringing"
    beths = phones.rings(BETH)
    assert (beths["from"], beths["status"]) == (TOMS_NUMBER, "ringing")

    phones.answer(beths["sid"])
    phones.hang_up(beths["sid"])

    assert phones.rings(BOB)["heard"] == ["Goodbye."]
    assert phones.rings(BOB)["status"] == "completed"


def test_dial_without_bridge_picks_up_at_once(phones, shop, customer):
    customer.answers_twiml(f'<Dial callerId="{TOMS_NUMBER}">{BETH}</Dial>')

    assert phones.call(BOB, TOMS_NUMBER)["status"] == "in-progress"


def test_dial_tells_its_action_how_it_went(phones, shop, customer, clock):
    customer.answers_twiml(
        f'<Dial callerId="{TOMS_NUMBER}" timeout="10" action="done">{BETH}</Dial><Say>No.</Say>'
    )
    customer.answers_twiml("<Say>Nobody is there.</Say>", name="done")
    phones.call(BOB, TOMS_NUMBER)

    clock.shift(11)

    assert phones.rings(BOB)["heard"] == ["Nobody is there."]
    assert customer.told("done")[0]["DialCallStatus"] == "no-answer"


@pytest.mark.parametrize(
    ("dial", "code"),
    [('<Dial callerId="+12125550100">+12099876666</Dial>', 13214), ("<Dial>Beth</Dial>", 13224)],
)
def test_dial_that_must_not_be_leaves_an_alert(phones, shop, customer, dial, code):
    customer.answers_twiml(dial + "<Say>Sorry.</Say>")

    phones.call(BOB, TOMS_NUMBER)

    assert phones.rings(BOB)["heard"] == ["Sorry."]
    assert phones.of(BETH)["calls"] == []
    assert alert_codes() == [code]


def test_verb_that_is_none_is_passed_over_with_an_alert(phones, shop, customer):
    customer.answers_twiml("<Gather/><Say>Hello.</Say>")

    assert phones.call(BOB, TOMS_NUMBER)["heard"] == ["Hello."]
    assert alert_codes() == [12200]


@pytest.mark.parametrize(
    "body",
    [
        "<Response>",
        "<Reply/>",
        "",
        '<!DOCTYPE x [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>',
    ],
)
def test_twiml_that_cannot_be_read_leaves_80905(phones, shop, customer, body):
    customer.answers_twiml("")
    customer.answers["out-of-session"].content = body.encode()

    assert phones.call(BOB, TOMS_NUMBER)["status"] == "failed"
    assert alert_codes() == [80905]


def test_call_between_two_phones_is_bridged(phones):
    phones.call(BOB, BETH)
    assert phones.rings(BETH)["from"] == BOB

    phones.answer(phones.rings(BETH)["sid"])

    assert phones.rings(BOB)["status"] == "in-progress"
    assert len(phones.of(BETH)["calls"]) == len(phones.of(BOB)["calls"]) == 1


def test_number_outside_every_service_uses_its_own_address(phones, customer):
    own(TOMS_NUMBER, voice_url="http://testserver/customer/own")
    customer.answers_twiml("<Say>The shop is closed.</Say>", name="own")

    assert phones.call(BOB, TOMS_NUMBER)["heard"] == ["The shop is closed."]


def test_call_whose_process_died_is_closed_in_the_end(phones, clock):
    call = Call.objects.create(from_number=BOB, to=TOMS_NUMBER, direction="inbound")

    clock.shift(301)
    tick()

    call.refresh_from_db()
    assert call.status == "failed"


def test_call_of_four_hours_is_ended(phones, ringing, clock):
    phones.answer(ringing["sid"])

    clock.shift(4 * 3600)
    tick()

    assert status_at_both_ends(phones) == ("completed", "completed")
