import re

import pytest
from django.conf import settings
from django.utils.timezone import now

from proxying.switchboard.models import IncomingPhoneNumber
from tests.switchboard.cast import BOB, POOL_1, TOM, own, refused


def test_service_is_created_with_every_field(services):
    created = services.create(
        "shop",
        default_ttl=3360,
        callback_url="https://shop.example/interactions/",
        intercept_callback_url="https://shop.example/intercept/",
        out_of_session_callback_url="https://shop.example/out-of-session/#rc=2",
        geo_match_level="area-code",
        number_selection_behavior="avoid-sticky",
        chat_instance_sid="IS" + "0" * 32,
    )
    url = f"http://testserver/switchboard/proxy/v1/Services/{created.sid}"
    assert created.sid.startswith("KS")
    assert abs((now() - created.date_created).total_seconds()) < 5
    assert shown(created) == {
        "sid": created.sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "unique_name": "shop",
        "default_ttl": 3360,
        "callback_url": "https://shop.example/interactions/",
        "intercept_callback_url": "https://shop.example/intercept/",
        "out_of_session_callback_url": "https://shop.example/out-of-session/#rc=2",
        "geo_match_level": "area-code",
        "number_selection_behavior": "avoid-sticky",
        "chat_instance_sid": "IS" + "0" * 32,
        "date_created": created.date_created,
        "date_updated": created.date_updated,
        "url": url,
        "links": {"sessions": f"{url}/Sessions", "phone_numbers": f"{url}/PhoneNumbers"},
    }


def test_service_needs_only_a_unique_name(services):
    created = services.create("shop")
    assert created.default_ttl == 0
    assert created.geo_match_level == "country"
    assert created.number_selection_behavior == "prefer-sticky"
    assert created.callback_url is None
    assert created.chat_instance_sid is None


def test_creation_answers_201_and_dates_in_utc_with_a_z(services, twilio):
    created = services.create_with_http_info("shop")
    answer = twilio.request("GET", created.data.url).text
    assert created.status_code == 201
    assert re.search(r'"date_created":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', answer)


def test_service_is_found_by_sid_and_by_unique_name(services):
    sid = services.create("shop").sid
    assert services(sid).fetch().unique_name == "shop"
    assert services("shop").fetch().sid == sid


def test_service_update_changes_what_is_given_and_nothing_else(services):
    sid = services.create("shop", default_ttl=60, callback_url="https://shop.example/").sid
    services(sid).update(unique_name="market", callback_url="")
    service = services(sid).fetch()
    assert (service.unique_name, service.callback_url) == ("market", None)
    assert service.default_ttl == 60


def test_unique_name_of_another_service_is_refused(services):
    services.create("shop")
    other = services.create("market")
    with refused(80602):
        services.create("shop")
    with refused(80602):
        services(other.sid).update(unique_name="shop")


@pytest.mark.parametrize(
    "fields",
    [
        {"unique_name": ""},
        {"unique_name": "x" * 192},
        {"unique_name": "shop", "default_ttl": -1},
        {"unique_name": "shop", "default_ttl": "an hour"},
        {"unique_name": "shop", "callback_url": "ftp://shop.example/"},
        {"unique_name": "shop", "callback_url": "http://[shop"},
        {"unique_name": "shop", "callback_url": "https://shop.example/" + "x" * 4000},
        {"unique_name": "shop", "geo_match_level": "planet"},
        {"unique_name": "shop", "number_selection_behavior": "random"},
        {"unique_name": "sh\0p"},
    ],
)
def test_service_with_a_wrong_field_is_refused(services, fields):
    with refused(20001):
        services.create(**fields)
    assert services.list() == []


def test_deleted_service_takes_its_sessions_and_leaves_its_numbers(services, service):
    number = own(POOL_1)
    service.phone_numbers.create(sid=number)
    service.sessions.create(participants=[{"Identifier": TOM}, {"Identifier": BOB}])
    assert service.delete()
    with refused(20404, 404):
        service.fetch()
    assert IncomingPhoneNumber.objects.get(sid=number).sms_url == ""
    services(services.create("shop").sid).phone_numbers.create(sid=number)


def test_service_that_is_not_there_is_404(services):
    nobodys = services("KS" + "0" * 32)
    for act in (nobodys.fetch, nobodys.update, nobodys.delete, nobodys.sessions.create):
        with refused(20404, 404):
            act()


def shown(instance):
    return {k: v for k, v in vars(instance).items() if not k.startswith("_")}
