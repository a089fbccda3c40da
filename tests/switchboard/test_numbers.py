"""Numbers for sale, bought, kept and given back, through Twilio's own client."""

import pytest

from proxying.switchboard.models import Purchase
from tests.switchboard.cast import BOB, POOL_1, POOL_2, POOL_3, TOMS_NUMBER, own, refused


@pytest.fixture
def local(twilio):
    return twilio.available_phone_numbers("US").local


@pytest.fixture
def numbers(twilio):
    return twilio.incoming_phone_numbers


def test_search_offers_numbers_of_the_area_code(local):
    found = local.list(area_code=209, sms_enabled=True, voice_enabled=True, limit=5)

    assert len(found) == 5
    assert all(number.phone_number.startswith("+1209") for number in found)
    assert found[0].iso_country == "US"
    assert found[0].address_requirements == "none"


def test_search_offers_the_same_again_less_what_was_bought(local, numbers):
    first, second, *_ = (n.phone_number for n in local.list(area_code=415, limit=3))

    numbers.create(phone_number=first)

    assert local.list(area_code=415, limit=1)[0].phone_number == second


@pytest.mark.parametrize("area_code", [533, 111, 0])
def test_search_where_nothing_is_for_sale_is_empty(local, area_code):
    assert local.list(area_code=area_code) == []


def test_search_in_another_country_is_empty(twilio):
    assert twilio.available_phone_numbers("DE").local.list() == []


def test_search_by_pattern(local):
    assert local.list(contains="4151111111")[0].phone_number == "+14151111111"
    assert [n.phone_number for n in local.list(contains="415111111*", limit=2)] == [
        "+14151111110",
        "+14151111111",
    ]
    assert all("77" in n.phone_number for n in local.list(contains="77", limit=3))


def test_buying_an_exact_number(numbers):
    bought = numbers.create(phone_number=TOMS_NUMBER, friendly_name="sp:seller:1")

    assert bought.sid.startswith("PN")
    assert (bought.phone_number, bought.friendly_name) == (TOMS_NUMBER, "sp:seller:1")
    assert bought.capabilities == {"voice": True, "sms": True, "mms": True, "fax": False}
    assert numbers(bought.sid).fetch().date_created is not None


def test_buying_by_area_code(numbers):
    assert numbers.create(area_code="209").phone_number.startswith("+1209")
    with refused(21452):
        numbers.create(area_code="533")


def test_number_that_somebody_has_cannot_be_bought(numbers, phones):
    numbers.create(phone_number=TOMS_NUMBER)

    for taken in (TOMS_NUMBER, BOB, "+15005550000"):
        with refused(21422):
            numbers.create(phone_number=taken)
    assert Purchase.objects.count() == 1


@pytest.mark.parametrize("nonsense", ["4151111111", "+1415", "+999123456789", "+1415111111x"])
def test_nonsense_cannot_be_bought(numbers, nonsense):
    with refused(21421):
        numbers.create(phone_number=nonsense)


def test_list_is_filtered_and_paged(numbers):
    for number in (POOL_1, POOL_2, POOL_3):
        numbers.create(phone_number=number, friendly_name=f"pool {number}")

    assert len(numbers.list(page_size=1)) == 3
    assert [n.phone_number for n in numbers.list(phone_number=POOL_2)] == [POOL_2]
    assert [n.phone_number for n in numbers.list(phone_number="41533300*2")] == [POOL_2]
    assert [n.phone_number for n in numbers.list(friendly_name=f"pool {POOL_3}")] == [POOL_3]
    assert numbers.list(friendly_name="pool") == []
    assert len(numbers.list(phone_number="+1415333", page_size=2)) == 3


def test_number_can_be_changed(numbers):
    sid = own(TOMS_NUMBER)

    numbers(sid).update(friendly_name="Tom's", sms_url="https://shop.example/sms")

    changed = numbers(sid).fetch()
    assert (changed.friendly_name, changed.sms_url) == ("Tom's", "https://shop.example/sms")


def test_released_number_is_gone_and_for_sale_again(numbers):
    sid = numbers.create(phone_number=TOMS_NUMBER).sid

    numbers(sid).delete()

    with refused(20404, 404):
        numbers(sid).fetch()
    assert numbers.create(phone_number=TOMS_NUMBER).sid != sid


def test_number_in_a_service_cannot_be_released(numbers, service):
    sid = own(TOMS_NUMBER)
    service.phone_numbers.create(sid=sid)

    with refused(80601):
        numbers(sid).delete()
    assert numbers(sid).fetch().phone_number == TOMS_NUMBER


def test_ledger_has_each_purchase_and_release(numbers):
    sid = numbers.create(phone_number=TOMS_NUMBER, friendly_name="Tom's").sid
    numbers(sid).delete()

    lines = Purchase.objects.order_by("pk").values_list("kind", "phone_number", "price")
    assert [(kind, number, str(price)) for kind, number, price in lines] == [
        ("purchase", TOMS_NUMBER, "1.1500"),
        ("release", TOMS_NUMBER, "0.0000"),
    ]


def test_another_account_has_nothing_here(twilio):
    with refused(20404, 404):
        twilio.api.accounts("AC" + "0" * 32).incoming_phone_numbers.create(phone_number=POOL_1)


def test_shop_is_closed_without_the_virtual_carrier(numbers, settings):
    settings.SWITCHBOARD_VIRTUAL_CARRIER = False

    with refused(20404, 404):
        numbers.create(phone_number=TOMS_NUMBER)
