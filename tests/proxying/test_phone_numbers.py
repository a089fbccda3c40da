import pickle

import pytest

from proxying.phone_numbers import PhoneNumber, area_code, display, redact, redact_event


@pytest.mark.parametrize(
    "typed", ["+14152345555", "(415) 234-5555", "415 234 5555", "1-415-234-5555", "4152345555"]
)
def test_number_is_parsed_as_people_write_it(typed):
    assert PhoneNumber.parse(typed, "US").reveal() == "+14152345555"


@pytest.mark.parametrize(
    "typed",
    ["", "Tom", "911", "234-5555", "+1", "+1415234555512345", "415 234 5555 x12", "\x00", "+"],
)
def test_nonsense_is_no_number(typed):
    with pytest.raises(ValueError, match="phone number"):
        PhoneNumber.parse(typed, "US")


def test_error_does_not_repeat_what_was_typed():
    with pytest.raises(ValueError, match="phone number") as caught:
        PhoneNumber("4152345555")

    assert "5555" not in str(caught.value)


def test_printed_number_shows_two_digits():
    number = PhoneNumber("+14152345555")

    assert (str(number), repr(number), f"{number}") == ("••• 55", "<PhoneNumber ••• 55>", "••• 55")


def test_number_is_not_pickled():
    """Caches and queues pickle: what they keep would be the number in the clear."""
    with pytest.raises(TypeError):
        pickle.dumps(PhoneNumber("+14152345555"))


@pytest.mark.parametrize("e164", ["+19002345678", "+18005551212", "+448712345678"])
def test_service_number_is_not_a_persons(e164):
    assert not PhoneNumber(e164).is_a_persons


def test_toms_number_is_a_persons():
    assert PhoneNumber("+14152345555").is_a_persons


def test_area_code_is_north_american_only():
    assert (area_code("+14151111111"), area_code("+442071838750")) == ("415", None)


def test_public_number_is_grouped_for_reading():
    assert display("+14151111111") == "+1 415-111-1111"


@pytest.mark.parametrize(
    "number",
    [
        "+14152345555",
        "%2B14152345555",
        "(415) 234-5555",
        "415-234-5555",
        "4152345555",
        "1 415 234 5555",
        "%252B14152345555",
        "+44 7911 123455",
        "+49 (0)30 1234555",
    ],
)
def test_number_in_text_is_redacted(number):
    assert redact(f"cannot text {number} now") == "cannot text •••55 now"


@pytest.mark.parametrize(
    "text", ["2026-11-23T06:58:01.123456Z", "AC65c0c166da1afbbd642a02a575bbaea5", "127.0.0.1:8000"]
)
def test_other_digits_stay(text):
    assert redact(text) == text


def test_log_event_is_redacted_however_deep():
    event = {"event": "call", "to": ["+14152345555"], "more": {"error": ValueError("+14152345555")}}

    assert "+1415" not in str(redact_event(None, "info", event))
