"""Who may ask, how refusals look, and how often one may ask."""

import pytest
import requests
from django.conf import settings
from django.db import connection
from twilio.base.exceptions import TwilioException

from proxying.switchboard.api import throttling
from tests.switchboard.cast import refused
from tests.switchboard.conftest import client_of

SERVICES = "http://testserver/switchboard/proxy/v1/Services"


@pytest.fixture
def mallory(db):
    return client_of(settings.TWILIO_ACCOUNT_SID, "guessed")


def test_api_key_opens_the_api_like_the_auth_token(db, settings):
    settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET = "SK" + "1" * 32, "secret"
    assert client_of("SK" + "1" * 32, "secret").proxy.v1.services.list() == []


def test_both_tokens_open_the_api_during_a_rotation(db, settings):
    settings.TWILIO_AUTH_TOKENS = ["new", "old"]
    for token in ("new", "old"):
        assert client_of(settings.TWILIO_ACCOUNT_SID, token).proxy.v1.services.list() == []


def test_wrong_token_is_refused(mallory):
    with refused(20003, 401):
        mallory.proxy.v1.services.create("shop")


@pytest.mark.parametrize(
    "credentials", [None, ("", ""), ("", "secret"), ("AC", "x"), ("é", "é")], ids=str
)
def test_no_known_credentials_are_refused_as_twilio_does(db, settings, credentials):
    settings.TWILIO_API_KEY_SID = settings.TWILIO_API_KEY_SECRET = ""
    auth = credentials and requests.auth.HTTPBasicAuth(*(c.encode() for c in credentials))
    answer = requests.get(SERVICES, auth=auth, timeout=5)
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Twilio API"'
    assert answer.status_code == 401
    assert answer.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


def test_account_without_a_token_lets_nobody_in(db, settings):
    settings.TWILIO_AUTH_TOKENS = [""]
    answer = requests.get(SERVICES, auth=(settings.TWILIO_ACCOUNT_SID, ""), timeout=5)
    assert answer.status_code == 401


def test_what_nobody_foresaw_is_an_error_in_twilios_form_and_logged(services, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE switchboard_service RENAME TO switchboard_lost")

    with refused(20500, 500):
        services.create("shop")
    assert "api_failed" in caplog.text


def test_refusal_names_code_sentence_page_and_status(service, twilio):
    answer = twilio.request("POST", SERVICES, data={"UniqueName": "shop"})
    assert answer.status_code == 400
    assert '"code":80602,"message":"Service UniqueName must be unique."' in answer.text
    assert '"more_info":"https://www.twilio.com/docs/errors/80602","status":400' in answer.text


@pytest.mark.parametrize("path", ["/Nothing", "/KS1/ShortCodes", "/KS%00", "/KS1/Sessions/KC%00"])
def test_address_without_a_resource_is_404(twilio, path):
    answer = twilio.request("GET", SERVICES + path)
    assert (answer.status_code, '"code":20404' in answer.text) == (404, True)


def test_verb_without_a_meaning_is_405(twilio):
    answer = twilio.request("DELETE", SERVICES)
    assert (answer.status_code, '"code":20004' in answer.text) == (405, True)


def test_body_that_is_no_form_is_refused(twilio):
    answer = twilio.request("POST", SERVICES, data={"UniqueName": "shop"}, headers=JSON)
    assert (answer.status_code, '"code":20415' in answer.text) == (415, True)


def test_limit_is_twilios():
    assert throttling.PER_SECOND * throttling.WINDOW_SECONDS == 150


@pytest.fixture
def ten_in_five_seconds(clock, monkeypatch):
    """A smaller limit, and time that stands still."""
    monkeypatch.setattr(throttling, "PER_SECOND", 2)
    return clock


def test_more_requests_than_the_limit_get_429(service, ten_in_five_seconds):
    for _ in range(10):
        service.fetch()
    with refused(20429, 429):
        service.fetch()


def test_limit_counts_each_endpoint_and_service_alone(service, services, ten_in_five_seconds):
    other = services.create("market")
    for _ in range(10):
        service.fetch()
    assert services(other.sid).fetch().unique_name == "market"
    assert service.sessions.list() == []


def test_limit_is_averaged_over_five_seconds(service, ten_in_five_seconds):
    for _ in range(10):
        service.fetch()
    ten_in_five_seconds.shift(4)
    with refused(20429, 429):
        service.fetch()
    ten_in_five_seconds.shift(1)
    assert service.fetch().unique_name == "shop"


def test_list_beyond_the_limit_is_an_error_of_the_client(service, ten_in_five_seconds):
    for _ in range(10):
        service.sessions.list()
    with pytest.raises(TwilioException) as caught:
        service.sessions.list()
    assert caught.value.args[1].status_code == 429


JSON = {"Content-Type": "application/json"}
