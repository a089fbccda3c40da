"""What a number is, through Twilio's own client."""

import pytest

from tests.switchboard.cast import TOM, TOMS_NUMBER, own


@pytest.fixture
def lookup(twilio):
    def fetch(number, **options):
        return twilio.lookups.v2.phone_numbers(number).fetch(**options)

    return fetch


def test_phone_of_the_carrier_is_mobile(lookup, phones):
    found = lookup(TOM, fields="line_type_intelligence")

    assert (found.valid, found.phone_number, found.country_code) == (True, TOM, "US")
    assert found.line_type_intelligence["type"] == "mobile"


def test_number_of_ours_is_no_persons(lookup):
    own(TOMS_NUMBER)

    assert lookup(TOMS_NUMBER, fields="line_type_intelligence").line_type_intelligence["type"] == (
        "nonFixedVoip"
    )


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+19002345678", "premium"),
        ("+18002345678", "tollFree"),
        ("+442079460000", "landline"),
        ("+447400123456", "mobile"),
        ("+491805012345", "sharedCost"),
    ],
)
def test_other_numbers_are_what_the_plan_says(lookup, number, kind):
    assert lookup(number, fields="line_type_intelligence").line_type_intelligence["type"] == kind


@pytest.mark.parametrize(
    ("number", "reason"),
    [("+1415", "TOO_SHORT"), ("+1415111111111", "TOO_LONG"), ("hello", "NOT_A_NUMBER")],
)
def test_nonsense_is_answered_as_invalid(lookup, number, reason):
    found = lookup(number)

    assert (found.valid, found.validation_errors) == (False, [reason])


def test_without_fields_the_line_is_not_told(lookup, phones):
    assert lookup(TOM).line_type_intelligence is None


def test_national_number_with_its_country(lookup):
    assert lookup("020 7946 0000", country_code="GB").phone_number == "+442079460000"
