"""What proves a callback. Every case runs against all three callbacks."""

from itertools import pairwise
from urllib.parse import quote, urlencode

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from proxying.models import Interaction, ProxySession
from proxying.signatures import MOST_BYTES, MOST_FIELDS, NotFromTwilio, is_signed, prove
from tests.proxying.callbacks import FORM, post, post_fields, sign

ACCOUNT = "AC" + "7e57" * 8
TOKEN = "7e57" * 8
BASE = "http://testserver"

OUT_OF_SESSION = {
    "AccountSid": ACCOUNT,
    "ApiVersion": "2010-04-01",
    "CallSid": "CA" + "1" * 32,
    "CallStatus": "ringing",
    "From": "+14151115555",
    "FromCity": "SAN FRANCISCO",
    "To": "+14151111111",
    "ToCity": "",
}
INTERACTION = {
    "interactionAccountSid": ACCOUNT,
    "interactionServiceSid": "KS" + "2" * 32,
    "interactionSessionSid": "KC" + "3" * 32,
    "interactionSid": "KI" + "4" * 32,
    "interactionType": "Voice",
    "interactionData": "",
    "inboundResourceSid": "CA" + "1" * 32,
    "inboundResourceStatus": "in-progress",
    "outboundResourceStatus": "initiated",
}
CALLBACKS = {
    "out_of_session_callback": OUT_OF_SESSION,
    "interaction_callback": INTERACTION,
    "intercept_callback": INTERACTION,
}
REQUIRED = {
    "out_of_session_callback": ["AccountSid", "From", "To", "CallSid"],
    "interaction_callback": [
        "interactionAccountSid",
        "interactionServiceSid",
        "interactionSessionSid",
        "interactionSid",
    ],
}
REQUIRED["intercept_callback"] = REQUIRED["interaction_callback"]

every_callback = pytest.mark.parametrize("name", CALLBACKS)


@pytest.fixture
def refused(db, django_assert_num_queries):
    """Checks the refusal: one constant body, no query, nothing stored."""

    def check(send):
        with django_assert_num_queries(0):
            response = send()
        assert (response.status_code, response.content) == (403, b"Forbidden\n")
        assert not ProxySession.objects.exists()
        assert not Interaction.objects.exists()

    return check


@pytest.mark.django_db
@every_callback
def test_callback_signed_by_twilio_is_accepted(name):
    response = post_fields(name, CALLBACKS[name])

    assert response.status_code in {200, 204}


@every_callback
@pytest.mark.parametrize("signature", [None, "", "x", "A" * 27 + "=", "é" * 28])
def test_callback_without_valid_signature_is_refused(name, signature, refused):
    refused(lambda: post(name, urlencode(CALLBACKS[name]), signature))


@every_callback
def test_callback_signed_with_another_token_is_refused(name, refused):
    refused(lambda: post_fields(name, CALLBACKS[name], token="0" * 32))


@every_callback
def test_callback_is_refused_when_no_token_is_set(name, refused):
    with override_settings(TWILIO_AUTH_TOKENS=[""]):
        refused(lambda: post_fields(name, CALLBACKS[name], token=""))


@pytest.mark.django_db
@every_callback
@pytest.mark.parametrize("token", ["new-token", "old-token"])
def test_callback_is_accepted_under_both_tokens_of_a_rotation(name, token):
    with override_settings(TWILIO_AUTH_TOKENS=["new-token", "old-token"]):
        response = post_fields(name, CALLBACKS[name], token=token)

    assert response.status_code in {200, 204}


@every_callback
def test_callback_signed_for_another_address_is_refused(name, refused):
    signature = sign("http://mallory.example" + reverse(name), CALLBACKS[name])

    refused(lambda: post(name, urlencode(CALLBACKS[name]), signature))


@pytest.mark.django_db
@every_callback
@pytest.mark.parametrize("signed_as", ["https://shop.example:8443", "https://shop.example"])
def test_callback_is_signed_with_or_without_the_port_of_our_address(name, signed_as, settings):
    settings.PUBLIC_ORIGIN = "https://shop.example:8443"
    signature = sign(signed_as + reverse(name), CALLBACKS[name])

    assert post(name, urlencode(CALLBACKS[name]), signature).status_code in {200, 204}


@every_callback
def test_forwarded_headers_do_not_change_the_address(name, refused):
    spoof = {"X-Forwarded-Host": "mallory.example", "X-Forwarded-Proto": "https"}
    signature = sign("https://mallory.example" + reverse(name), CALLBACKS[name])

    refused(lambda: post(name, urlencode(CALLBACKS[name]), signature, **spoof))


@every_callback
@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "options"])
def test_other_methods_are_refused(name, method, refused):
    refused(lambda: getattr(Client(), method)(reverse(name)))


@every_callback
def test_query_string_is_refused(name, refused):
    url = reverse(name) + "?a=b"
    signature = sign(BASE + url, CALLBACKS[name])
    headers = {"X-Twilio-Signature": signature}

    refused(
        lambda: Client().post(url, urlencode(CALLBACKS[name]), content_type=FORM, headers=headers)
    )


@every_callback
@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain"])
def test_other_content_types_are_refused(name, content_type, refused):
    signature = sign(BASE + reverse(name), CALLBACKS[name])

    refused(lambda: post(name, urlencode(CALLBACKS[name]), signature, content_type=content_type))


@every_callback
def test_oversized_body_is_refused(name, refused):
    refused(lambda: post_fields(name, CALLBACKS[name] | {"Extra": "x" * MOST_BYTES}))


@every_callback
def test_too_many_fields_are_refused(name, refused):
    many = {f"Extra{number}": "" for number in range(MOST_FIELDS)}

    refused(lambda: post_fields(name, CALLBACKS[name] | many))


@every_callback
@pytest.mark.parametrize("body", ["", "&", "a", "%", "a=%FF", "a=\x00", "=x", "é=1"])
def test_malformed_body_is_refused(name, body, refused):
    refused(lambda: post(name, body, "A" * 27 + "="))


@every_callback
def test_each_required_field_is_required(name, refused):
    for missing in REQUIRED[name]:
        fields = {key: value for key, value in CALLBACKS[name].items() if key != missing}
        refused(lambda fields=fields: post_fields(name, fields))


@every_callback
def test_repeated_field_is_refused(name, refused):
    fields = CALLBACKS[name]
    body = urlencode([*fields.items(), *list(fields.items())[:1]])

    refused(lambda: post(name, body, sign(BASE + reverse(name), fields)))


@every_callback
def test_another_account_is_refused(name, refused):
    field = REQUIRED[name][0]

    refused(lambda: post_fields(name, CALLBACKS[name] | {field: "AC" + "0" * 32}))


@pytest.mark.parametrize("field", ["From", "To", "CallSid", "AccountSid"])
def test_malformed_value_is_refused(field, refused):
    refused(
        lambda: post_fields("out_of_session_callback", OUT_OF_SESSION | {field: "\x00' OR 1=1"})
    )


@pytest.mark.django_db
@every_callback
def test_new_fields_of_twilios_are_welcome(name):
    response = post_fields(name, CALLBACKS[name] | {"StirVerstat": "TN-Validation-Passed-A"})

    assert response.status_code in {200, 204}


def test_twilios_own_example_is_signed():
    """https://www.twilio.com/docs/usage/webhooks/webhooks-security"""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    with override_settings(TWILIO_AUTH_TOKENS=["12345"]):
        assert is_signed(
            "https://mycompany.com/myapp.php?foo=1&bar=2", fields, "GvWf1cFY/Q7PnoempGyD5oXAezc="
        )


# Bytes moved between fields keep the signature whole. twilio's own validator accepts them.


def shifts(fields):
    """Every way to cut the signed string into the same field names differently by one byte."""
    names = sorted(fields)
    for left, right in pairwise(names):
        whole = fields[left] + right + fields[right]
        for cut in range(len(whole) + 1):
            yield {**{k: v for k, v in fields.items() if k not in {left, right}}, left: whole[:cut]}
            for end in range(cut + 1, len(whole) + 1):
                yield {
                    **{k: v for k, v in fields.items() if k not in {left, right}},
                    left: whole[:cut],
                    whole[cut:end]: whole[end:],
                }


def signed_string(fields):
    return "".join(key + value for key, value in sorted(fields.items()))


def test_moved_bytes_change_nothing_that_is_read(rf):
    """Whatever of these is accepted reads the same as what Twilio signed."""
    url = BASE + reverse("out_of_session_callback")
    signature = sign(url, OUT_OF_SESSION)
    read = ("AccountSid", "CallSid", "From", "To")
    forged = accepted_by_twilios_validator = 0
    for fields in shifts(OUT_OF_SESSION):
        if fields == OUT_OF_SESSION or signed_string(fields) != signed_string(OUT_OF_SESSION):
            continue
        forged += 1
        accepted_by_twilios_validator += RequestValidator(TOKEN).validate(url, fields, signature)
        request = rf.post(
            reverse("out_of_session_callback"),
            urlencode(fields),
            content_type=FORM,
            headers={"X-Twilio-Signature": signature},
        )
        try:
            proved = prove(request)
        except NotFromTwilio:
            continue
        for name in read:
            assert proved.get(name, OUT_OF_SESSION[name]) == OUT_OF_SESSION[name], fields
    assert forged > 400
    assert accepted_by_twilios_validator == forged


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,20}", fullmatch=True), st.text(max_size=40)
    )
)
def test_what_we_accept_twilios_validator_accepts(fields):
    with override_settings(TWILIO_AUTH_TOKENS=[TOKEN]):
        url = BASE + "/proxy/callbacks/out-of-session/"
        signature = RequestValidator(TOKEN).compute_signature(url, fields)

        assert is_signed(url, fields, signature)


def test_values_survive_the_wire(rf):
    odd = OUT_OF_SESSION | {"Body": "é & = + % \n end ", "Extra": quote("a b")}
    url = BASE + reverse("out_of_session_callback")
    request = rf.post(
        reverse("out_of_session_callback"),
        urlencode(odd),
        content_type=FORM,
        headers={"X-Twilio-Signature": sign(url, odd)},
    )

    assert prove(request) == odd
