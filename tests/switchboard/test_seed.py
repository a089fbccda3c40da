"""``seed_switchboard`` and the checks that guard a production site."""

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from proxying.switchboard.checks import virtual_carrier_is_off, webhooks_can_be_signed
from proxying.switchboard.models import Phone, VerifyService
from tests.switchboard.cast import BOB

VERIFY = "VA0123456789abcdef0123456789abcdef"


@pytest.mark.django_db
def test_seeding_twice_is_seeding_once():
    for _ in range(2):
        call_command("seed_switchboard", verify_service=VERIFY, phone=[(BOB, "Bob")])

    assert list(Phone.objects.values_list("number", "name")) == [(BOB, "Bob")]
    assert VerifyService.objects.get().sid == VERIFY


@pytest.mark.django_db
def test_phone_is_written_with_its_name():
    call_command("seed_switchboard", "--phone", f"{BOB}:Bob (buyer): home")

    assert Phone.objects.get().name == "Bob (buyer): home"


@pytest.mark.parametrize("phone", [BOB, f"{BOB}:", "Bob:Bob"])
def test_phone_without_number_or_name_is_refused(phone):
    with pytest.raises(CommandError):
        call_command("seed_switchboard", "--phone", phone)


def test_virtual_carrier_is_an_error_for_production(settings):
    settings.SWITCHBOARD_VIRTUAL_CARRIER = True
    assert [error.id for error in virtual_carrier_is_off()] == ["switchboard.E001"]
    with pytest.raises(SystemCheckError, match="E001"):
        call_command("check", "--deploy")

    settings.SWITCHBOARD_VIRTUAL_CARRIER = False
    assert virtual_carrier_is_off() == []


def test_switchboard_without_an_account_is_an_error(settings):
    assert webhooks_can_be_signed() == []

    settings.TWILIO_AUTH_TOKENS = []
    assert [error.id for error in webhooks_can_be_signed()] == ["switchboard.E002"]
