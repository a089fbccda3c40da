import pytest
from django.core.management import CommandError, call_command

from proxying.models import ProxyService
from proxying.switchboard.models import IncomingPhoneNumber, Service
from tests.proxying.conftest import KILLED_AFTER, LOST_ANSWER, Killed

pytestmark = pytest.mark.django_db


def configure():
    call_command("configure_proxy_service", verbosity=0)


def test_service_calls_our_three_addresses():
    configure()

    at_twilio = Service.objects.get()
    assert ProxyService.objects.get().service_sid == at_twilio.sid
    base = "http://testserver/proxy/callbacks"
    assert at_twilio.out_of_session_callback_url == f"{base}/out-of-session/"
    assert at_twilio.callback_url == f"{base}/interactions/"
    assert at_twilio.intercept_callback_url == f"{base}/intercept/"


def test_running_it_again_buys_nothing_and_mends_the_addresses(settings):
    configure()
    owned = IncomingPhoneNumber.objects.count()
    Service.objects.update(callback_url="https://mallory.example/")

    configure()

    assert IncomingPhoneNumber.objects.count() == owned == settings.PROXY_POOL_FLOOR
    assert Service.objects.get().callback_url.startswith("http://testserver/")


def test_service_made_by_a_run_that_died_is_found_again(network):
    network.kill(KILLED_AFTER, 2)
    with pytest.raises(Killed):
        configure()
    assert not ProxyService.objects.exists()

    configure()

    assert ProxyService.objects.get().service_sid == Service.objects.get().sid


@pytest.mark.parametrize(("fault", "words"), [(LOST_ANSWER, "later"), (401, "20401")])
def test_failure_is_said_in_a_line(network, fault, words):
    network.fail(fault, "/v1/Services")

    with pytest.raises(CommandError, match=words):
        configure()
