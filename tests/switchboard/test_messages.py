"""Texts between two people who never see each other's number."""

import json

import pytest

from proxying.switchboard.models import Alert, Call, Interaction, Message, Session
from proxying.switchboard.tasks import tick
from tests.switchboard.cast import BETH, BOB, POOL_1, POOL_2, TOM, TOMS_NUMBER, own

TO_TOM = json.dumps({"uniqueName": "c1", "ttl": 3360, "participantIdentifier": TOM})


def alert_codes():
    return list(Alert.objects.values_list("error_code", flat=True))


def test_text_to_a_reserved_number_arrives_from_a_pool_number(phones, shop, customer):
    customer.answers_json(TO_TOM)

    sent = phones.text(BOB, TOMS_NUMBER, "Is the bike still there?")

    assert (sent["status"], sent["direction"]) == ("delivered", "outbound")
    [(shown, to, body)] = phones.texts(TOM)
    assert (to, body) == (TOM, "Is the bike still there?")
    assert shown in {POOL_1, POOL_2}
    assert alert_codes() == []


def test_answer_goes_back_from_the_reserved_number_without_asking_again(phones, shop, customer):
    customer.answers_json(TO_TOM)
    phones.text(BOB, TOMS_NUMBER, "Is it there?")
    shown, _, _ = phones.texts(TOM)[0]

    phones.text(TOM, shown, "It is.")

    assert phones.texts(BOB)[0] == (TOMS_NUMBER, BOB, "It is.")
    assert len(customer.told("out-of-session")) == 1


def test_session_is_created_as_the_answer_says(phones, shop, customer):
    answer = {"uniqueName": "c1", "ttl": 60, "mode": "message-only", "participantIdentifier": TOM}
    customer.answers_json(json.dumps(answer))

    phones.text(BOB, TOMS_NUMBER)

    session = Session.objects.get()
    assert (session.unique_name, session.ttl, session.mode) == ("c1", 60, "message-only")
    assert session.status == "in-progress"
    assert {(p.identifier, p.proxy_identifier) for p in session.participants.all()} == {
        (BOB, TOMS_NUMBER),
        (TOM, phones.texts(TOM)[0][0]),
    }


def test_answer_may_name_the_other_ones_number(phones, shop, customer):
    customer.answers_json(
        json.dumps({"participantIdentifier": TOM, "participantProxyIdentifier": POOL_2})
    )

    phones.text(BOB, TOMS_NUMBER)

    assert phones.texts(TOM)[0][0] == POOL_2


def test_stranger_is_told_of_with_the_documented_fields(phones, shop, customer):
    phones.text(BOB, TOMS_NUMBER, "Hello")

    [told] = customer.told("out-of-session")
    assert (told["From"], told["To"], told["Body"]) == (BOB, TOMS_NUMBER, "Hello")
    assert told["MessageSid"] == told["SmsSid"] == Message.objects.get().sid
    assert (told["SmsStatus"], told["NumMedia"], told["FromCountry"]) == ("received", "0", "US")
    assert "sessionSid" not in told


def test_texts_and_calls_are_forgotten_with_their_session(phones, shop, customer, clock):
    customer.answers_json(TO_TOM)
    phones.text(BOB, TOMS_NUMBER, "Is it still there?")
    phones.call(BOB, TOMS_NUMBER)
    clock.shift(91 * 24 * 3600)
    tick()
    phones.text(BETH, TOM, "Dinner is ready.")
    clock.shift(91 * 24 * 3600)
    tick()

    assert [text.body for text in Message.objects.all()] == ["Dinner is ready."]
    assert not Call.objects.exists()
    assert not Session.objects.exists()


def test_known_pair_is_told_of_with_its_earlier_session(phones, shop, customer):
    customer.answers_json(TO_TOM)
    phones.text(BOB, TOMS_NUMBER)
    pool_number = phones.texts(TOM)[0][0]
    shop.sessions(Session.objects.get().sid).update(status="closed")

    phones.text(TOM, pool_number, "Still want it?")

    told = customer.told("out-of-session")[-1]
    assert told["sessionUniqueName"] == "c1"
    assert told["sessionStatus"] == "closed"
    assert told["inboundParticipantIdentifier"] == TOM
    assert told["inboundParticipantProxyIdentifier"] == pool_number
    assert told["outboundParticipantIdentifier"] == BOB
    assert told["outboundParticipantProxyIdentifier"] == TOMS_NUMBER


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("{", 80905),
        ("[]", 80905),
        ("{}", 80905),
        ('{"participantIdentifier": 14152345555}', 80905),
        ('{"participantIdentifier": "+14152345555", "ttl": true}', 80905),
        ('{"participantIdentifier": "+14152345555", "uniqueName": "\\ud800"}', 80905),
        ('{"participantIdentifier": "Tom"}', 80404),
        (json.dumps({"participantIdentifier": BOB}), 80103),
        (json.dumps({"participantIdentifier": TOM, "mode": "fax"}), 20001),
        (json.dumps({"participantIdentifier": TOM, "participantProxyIdentifier": BOB}), 80606),
    ],
)
def test_answer_that_creates_nothing_leaves_an_alert(phones, shop, customer, answer, code):
    customer.answers_json(answer)

    phones.text(BOB, TOMS_NUMBER)

    assert alert_codes() == [code]
    assert phones.texts(TOM) == []
    assert Session.objects.count() == 0


@pytest.mark.parametrize("status", [302, 403, 500])
def test_refused_callback_leaves_80913(phones, shop, customer, status):
    customer.answers_status(status)

    phones.text(BOB, TOMS_NUMBER)

    assert alert_codes() == [80913]
    assert Alert.objects.get().response_status == status


def test_answer_of_another_type_leaves_80905(phones, shop, customer):
    customer.answers_json(TO_TOM)
    customer.answers["out-of-session"]["Content-Type"] = "text/html"

    phones.text(BOB, TOMS_NUMBER)

    assert alert_codes() == [80905]


def test_service_without_a_callback_leaves_80905(phones, shop):
    shop.update(out_of_session_callback_url="")

    phones.text(BOB, TOMS_NUMBER)

    assert alert_codes() == [80905]


def test_callback_that_nobody_answers_leaves_an_alert(phones, shop):
    shop.update(out_of_session_callback_url="http://127.0.0.1:9/")

    phones.text(BOB, TOMS_NUMBER)

    assert alert_codes() == [11205]


def test_twiml_message_is_sent_to_whoever_wrote(phones, shop, customer):
    customer.answers_twiml("<Message>This seller has moved.</Message><Message>Bye.</Message>")

    phones.text(BOB, TOMS_NUMBER)

    assert [body for *_, body in phones.texts(BOB)][:2] == ["Bye.", "This seller has moved."]
    assert phones.texts(BOB)[0][0] == TOMS_NUMBER


def test_empty_twiml_says_nothing(phones, shop, customer):
    customer.answers_twiml("")

    phones.text(BOB, TOMS_NUMBER)

    assert len(phones.texts(BOB)) == 1
    assert alert_codes() == []


def test_twiml_redirect_goes_on_elsewhere(phones, shop, customer):
    customer.answers_twiml("<Redirect>elsewhere</Redirect><Message>Never.</Message>")
    customer.answers_twiml("<Message>Here I am.</Message>", name="elsewhere")

    phones.text(BOB, TOMS_NUMBER)

    assert phones.texts(BOB)[0] == (TOMS_NUMBER, BOB, "Here I am.")
    assert customer.told("elsewhere")[0]["From"] == BOB


def test_twiml_redirect_to_itself_ends(phones, shop, customer):
    customer.answers_twiml("<Redirect>out-of-session</Redirect>")

    phones.text(BOB, TOMS_NUMBER)

    assert 1 < len(customer.told("out-of-session")) <= 11


@pytest.mark.parametrize("word", ["STOP", " stop ", "End", "ARRET", "unstop"])
def test_stop_word_is_dropped_without_any_callback(phones, shop, customer, word):
    customer.answers_json(TO_TOM)
    phones.text(BOB, TOMS_NUMBER)
    customer.posts.clear()

    phones.text(BOB, TOMS_NUMBER, word)

    assert len(phones.texts(TOM)) == 1
    assert customer.posts == {}
    assert alert_codes() == [80901]


@pytest.mark.parametrize("word", ["START", "HELP", "please stop by"])
def test_other_words_are_forwarded(phones, shop, customer, word):
    customer.answers_json(TO_TOM)

    phones.text(BOB, TOMS_NUMBER, word)

    assert phones.texts(TOM)[0][2] == word


def test_intercept_is_asked_before_and_only_403_blocks(phones, shop, customer):
    customer.answers_json(TO_TOM)
    customer.answers_status(403, name="intercept")

    phones.text(BOB, TOMS_NUMBER, "Give me your address")

    [asked] = customer.told("intercept")
    assert json.loads(asked["interactionData"]) == {"body": "Give me your address"}
    assert (asked["interactionType"], asked["inboundResourceType"]) == ("Message", "message")
    assert "outboundResourceSid" not in asked
    assert phones.texts(TOM) == []
    assert alert_codes() == [80909]


@pytest.mark.parametrize("status", [200, 204, 404, 500])
def test_intercept_that_answers_anything_else_lets_it_pass(phones, shop, customer, status):
    customer.answers_json(TO_TOM)
    customer.answers_status(status, name="intercept")

    phones.text(BOB, TOMS_NUMBER)

    assert len(phones.texts(TOM)) == 1


def test_interaction_is_kept_and_told_of_at_each_change(phones, shop, customer):
    customer.answers_json(TO_TOM)

    phones.text(BOB, TOMS_NUMBER, "Hello")

    interaction = Interaction.objects.get()
    assert json.loads(interaction.data) == {"body": "Hello"}
    assert (interaction.inbound_resource_status, interaction.outbound_resource_status) == (
        "received",
        "delivered",
    )
    told = customer.told("callback")
    assert [post["outboundResourceStatus"] for post in told] == ["sent", "delivered"]
    assert {post["interactionSid"] for post in told} == {interaction.sid}
    assert TOM not in str(told)
    assert BOB not in str(told)


def test_callback_that_fails_disturbs_nothing(phones, shop, customer):
    customer.answers_json(TO_TOM)
    customer.answers_status(500, name="callback")

    phones.text(BOB, TOMS_NUMBER)

    assert len(phones.texts(TOM)) == 1


def test_text_into_a_voice_only_session_is_dropped(phones, shop, customer):
    customer.answers_json(json.dumps({"participantIdentifier": TOM, "mode": "voice-only"}))

    phones.text(BOB, TOMS_NUMBER)

    assert phones.texts(TOM) == []
    assert alert_codes() == [80910]
    assert Interaction.objects.count() == 0


def test_thirty_first_reply_within_thirty_seconds_fails(phones, shop, customer, clock):
    customer.answers_json(TO_TOM)
    for _ in range(30):
        phones.text(BOB, TOMS_NUMBER)
    clock.shift(1)

    phones.text(BOB, TOMS_NUMBER, "one too many")

    assert "one too many" not in str(phones.texts(TOM))
    assert alert_codes() == [14107]
    assert Interaction.objects.latest("date_created").outbound_resource_status == "failed"

    clock.shift(31)
    phones.text(BOB, TOMS_NUMBER, "later")
    assert phones.texts(TOM)[0][2] == "later"


def test_two_numbers_that_forward_to_each_other_end(phones, customer):
    for number, other, name in ((POOL_1, POOL_2, "one"), (POOL_2, POOL_1, "two")):
        own(number, sms_url=f"http://testserver/customer/{name}")
        customer.answers_twiml(f'<Message to="{other}">Ping</Message>', name=name)

    phones.text(BETH, POOL_1)

    assert alert_codes() == [14107]
    assert len(customer.told("one")) + len(customer.told("two")) == 11


def test_text_to_a_phone_that_nobody_has_is_undelivered(phones):
    sent = phones.text(BOB, "+14158880000")

    assert (sent["status"], sent["error_code"]) == ("undelivered", 30003)


def test_text_between_two_phones_never_touches_twilio(phones, twilio):
    phones.text(BOB, BETH, "Dinner?")

    assert phones.texts(BETH) == [(BOB, BETH, "Dinner?")]
    assert twilio.messages.list() == []


def test_number_outside_every_service_uses_its_own_address(phones, customer):
    own(TOMS_NUMBER, sms_url="http://testserver/customer/own")
    customer.answers_twiml("<Message>Hello from the shop</Message>", name="own")

    phones.text(BOB, TOMS_NUMBER)

    assert phones.texts(BOB)[0][2] == "Hello from the shop"


def test_number_without_an_address_keeps_silent(phones):
    own(TOMS_NUMBER)

    phones.text(BOB, TOMS_NUMBER)

    assert len(phones.texts(BOB)) == 1
    assert alert_codes() == []
