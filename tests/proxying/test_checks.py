import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

BROKEN = {
    "proxying.E001": {"PHONE_NUMBER_KEYS": []},
    "proxying.E002": {"TWILIO_ACCOUNT_SID": "me"},
    "proxying.E003": {"TWILIO_AUTH_TOKENS": [""]},
    "proxying.E004": {"TWILIO_API_KEY_SID": "SK1"},
    "proxying.E005": {"TWILIO_VERIFY_SERVICE_SID": ""},
    "proxying.E006": {"PROXY_SESSION_MODE": "telepathy"},
    "proxying.E007": {"PROXY_SESSION_TTL": 0},
    "proxying.E008": {"PROXY_POOL_FLOOR": 0},
    "proxying.E009": {"PUBLIC_BASE_URL": "http://shop.example"},
    "proxying.E010": {"TWILIO_BASE_URL": "http://switchboard.example/{product}"},
    "proxying.E011": {"REDIS_URL": ""},
    "proxying.E012": {"TWILIO_AUTH_TOKENS": ["third", "second", "first"]},
}


@pytest.mark.parametrize("check_id", BROKEN)
def test_wrong_configuration_is_named_with_a_hint(check_id, settings):
    for name, value in BROKEN[check_id].items():
        setattr(settings, name, value)

    with pytest.raises(SystemCheckError) as error:
        call_command("check", deploy=True)

    named = str(error.value).split(f"({check_id})")
    assert len(named) == 2
    assert "HINT:" in named[1].split("\n\n")[0]


def test_test_configuration_is_right():
    call_command("check")
