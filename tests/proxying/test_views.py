"""A seller's road from sign-up to a number, through the real client and the switchboard."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.views.debug import ExceptionReporter
from structlog.stdlib import ProcessorFormatter

from proxying.models import ProxyService, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from tests.proxying.conftest import NO_CONNECTION, Network
from tests.proxying.factories import (
    BETHS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    ReservedNumberFactory,
    SellerFactory,
    UserFactory,
    tom,
)

pytestmark = pytest.mark.django_db

PHONE = "/seller/phone/"
CODE = "/seller/phone/code/"
RESEND = "/seller/phone/code/resend/"
NUMBER = "/seller/number/"
NINAS_PHONE = "+14155550142"


@pytest.fixture
def nina(client: Client) -> Client:
    """Nina has signed up and is logged in. She has told us no more."""
    client.force_login(UserFactory(username="nina"))
    return client


def tell_phone(client: Client, phone: str = NINAS_PHONE, **more: str) -> Any:
    return client.post(PHONE, {"display_name": "Nina", "phone_number": phone, **more})


def texts(phone: str) -> list[str]:
    """What the phone shows, newest first."""
    answer = Client().get(f"/switchboard/phones/api/phones/{phone}")
    return [text["body"] for text in answer.json()["messages"]]


def code_on(phone: str) -> str:
    found = re.search(r"\b[0-9]{6}\b", texts(phone)[0])
    assert found
    return found[0]


def wrong(code: str) -> str:
    return "111111" if code != "111111" else "222222"


@pytest.fixture(autouse=True)
def phones(verify_service: None) -> None:
    for name, number in (("Nina", NINAS_PHONE), ("Tom", TOMS_PHONE), ("Beth", BETHS_PHONE)):
        Client().post("/switchboard/phones/api/phones", {"name": name, "number": number})


# The road


def test_new_seller_signs_up_proves_a_phone_and_gets_a_number(
    client: Client, service: ProxyService, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    new = {"email": "nina@example.com", "password1": "correct horse battery"}

    answer = client.post("/accounts/signup/", new)
    assert answer.url == PHONE
    answer = tell_phone(client)
    assert answer.url == CODE
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(CODE, {"code": code_on(NINAS_PHONE)})
    assert answer.url == NUMBER

    seller = Seller.objects.get(user__email="nina@example.com")
    assert seller.phone_verified_at is not None
    assert seller.phone_number == PhoneNumber(NINAS_PHONE)
    assert seller.reserved_number.is_active
    assert client.get(NUMBER).context["display"].startswith("+1 ")


def test_proof_of_the_phone_leads_back_to_where_it_was_asked_for(client: Client) -> None:
    new = {"email": "nina@example.com", "password1": "correct horse battery", "next": "/sell/"}

    # Selling begins with the item; the phone comes after it.
    answer = client.post("/accounts/signup/", new, follow=True)
    assert answer.redirect_chain[-1][0] == "/sell/"
    answer = tell_phone(client, next="/sell/")
    assert answer.url == f"{CODE}?next=%2Fsell%2F"
    answer = client.post(CODE, {"code": code_on(NINAS_PHONE), "next": "/sell/"})
    assert answer.url == f"{NUMBER}?next=%2Fsell%2F"
    ReservedNumber.objects.all().delete()
    ReservedNumberFactory(seller=Seller.objects.get())

    assert '<a class="button" href="/sell/">' in client.get(answer.url).content.decode()


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_next_leads_nowhere_but_here(nina: Client, next_: str) -> None:
    answer = tell_phone(nina, next=next_)

    assert answer.url == CODE
    assert "evil.example" not in nina.get(PHONE, {"next": next_}).content.decode()


def test_right_code_promises_a_number_whatever_becomes_of_the_nudge(nina: Client) -> None:
    """The nudge is not sent here: commit never comes in a test's transaction."""
    tell_phone(nina)

    nina.post(CODE, {"code": code_on(NINAS_PHONE)})

    assert ReservedNumber.objects.due().get().seller.display_name == "Nina"
    assert "being reserved" in nina.get(NUMBER).content.decode()


def test_phone_can_be_changed_before_it_is_proved(nina: Client) -> None:
    tell_phone(nina)
    tell_phone(nina, BETHS_PHONE)

    nina.post(CODE, {"code": code_on(BETHS_PHONE)})

    assert Seller.objects.get().phone_number == PhoneNumber(BETHS_PHONE)
    assert Seller.objects.get().phone_verified_at is not None


def test_code_can_be_sent_again(nina: Client) -> None:
    tell_phone(nina)

    answer = nina.post(RESEND)

    assert "We sent the code once more." in answer.content.decode()
    assert len(texts(NINAS_PHONE)) == 2


# What the pages show


def test_code_page_shows_the_last_two_digits_alone(nina: Client) -> None:
    tell_phone(nina)

    page = nina.get(CODE).content.decode()

    assert "ends in <strong>42</strong>" in page
    assert "0142" not in page


def test_phone_page_keeps_the_name_and_forgets_the_number(nina: Client) -> None:
    tell_phone(nina)

    page = nina.get(PHONE).content.decode()

    assert 'value="Nina"' in page
    assert "5550142" not in page


def test_active_number_is_shown_with_the_way_to_sell(client: Client) -> None:
    client.force_login(tom().user)

    page = client.get(NUMBER).content.decode()

    assert "+1 415-111-1111" in page
    assert 'href="/sell/"' in page
    assert 'http-equiv="refresh"' not in page


@pytest.mark.parametrize(
    "trouble",
    [
        {"last_error": "Twilio answered 503 (20503)"},
        {"last_error": "no number for sale in US", "next_attempt_at": None},
    ],
)
def test_seller_reads_being_reserved_and_never_why_not(
    client: Client, trouble: dict[str, Any]
) -> None:
    number = ReservedNumberFactory(pending=True, attempts=3, **trouble)
    client.force_login(number.seller.user)

    for url in (NUMBER, f"{NUMBER}state/"):
        page = client.get(url).content.decode()
        assert "Your number is being reserved" in page
        assert trouble["last_error"] not in page


def test_waiting_page_renews_itself_without_a_script(client: Client) -> None:
    client.force_login(ReservedNumberFactory(pending=True).seller.user)

    assert '<noscript><meta http-equiv="refresh"' in client.get(NUMBER).content.decode()


def test_state_is_the_part_of_the_page_that_changes(client: Client) -> None:
    client.force_login(tom().user)

    part = client.get(f"{NUMBER}state/").content.decode()

    assert "<html" not in part
    assert part.strip() in client.get(NUMBER).content.decode()


@pytest.mark.parametrize("url", [PHONE, CODE])
def test_verified_seller_is_sent_to_the_number(client: Client, url: str) -> None:
    client.force_login(tom().user)

    assert client.get(url).url == NUMBER
    assert client.post(url, {"display_name": "X", "phone_number": BETHS_PHONE}).url == NUMBER


def test_seller_whose_number_was_released_is_told(client: Client) -> None:
    client.force_login(ReservedNumberFactory(quarantined=True).seller.user)

    page = client.get(NUMBER).content.decode()

    assert "You have no number now" in page
    assert 'href="mailto:post@shoppingplace.example"' in page


@pytest.mark.parametrize("unverified", [True, False])
def test_suspended_seller_is_told_plainly(client: Client, *, unverified: bool) -> None:
    seller = SellerFactory(suspended=True, unverified=unverified)
    client.force_login(seller.user)

    for url in (PHONE, CODE, NUMBER):
        page = client.get(url, follow=True).content.decode()
        assert "Your account is suspended" in page


def test_suspended_seller_proves_no_phone(client: Client) -> None:
    seller = SellerFactory(suspended=True, unverified=True)
    client.force_login(seller.user)

    for url in (PHONE, CODE, RESEND):
        answer = client.post(url, {"display_name": "X", "phone_number": NINAS_PHONE})
        assert answer.url == NUMBER

    assert texts(NINAS_PHONE) == []


# Errors, each beside its field, with what was typed kept


def errors_beside(answer: Any, field: str) -> str:
    """The errors that the page shows inside *field*'s own box, and nowhere else."""
    boxes = answer.content.decode().split('<div class="field')[1:]
    [box] = [box for box in boxes if "errorlist" in box]
    assert f'name="{field}"' in box
    return box


@pytest.mark.parametrize(
    ("phone", "sentence"),
    [
        ("12", "This cannot be a phone number."),
        ("+44 20 7946 0018", "For now we can only verify phones in: US."),
        ("+1 900 555 0199", "This is a service number."),
        ("+1 800 555 0199", "This is a service number."),
        (TOMS_NUMBER, "This is a ShoppingPlace number."),
    ],
)
def test_unfit_phone_is_an_error_beside_it(nina: Client, phone: str, sentence: str) -> None:
    tom()

    answer = tell_phone(nina, phone)

    box = errors_beside(answer, "phone_number")
    assert sentence in box
    assert f'value="{phone}"' in box
    assert 'value="Nina"' in answer.content.decode()


def test_wrong_code_is_an_error_beside_it(nina: Client) -> None:
    tell_phone(nina)
    typed = wrong(code_on(NINAS_PHONE))

    answer = nina.post(CODE, {"code": typed})

    assert "That is not the code we sent." in errors_beside(answer, "code")
    assert Seller.objects.get().phone_verified_at is None
    assert not ReservedNumber.objects.exists()


def test_sixth_try_is_refused_even_with_the_right_code(nina: Client) -> None:
    tell_phone(nina)
    code = code_on(NINAS_PHONE)
    for _ in range(5):
        nina.post(CODE, {"code": wrong(code)})

    answer = nina.post(CODE, {"code": code})

    assert "Too many tries." in errors_beside(answer, "code")
    assert Seller.objects.get().phone_verified_at is None


def test_provider_that_does_not_answer_is_an_error_to_try_again(
    nina: Client, network: Network
) -> None:
    network.fail(NO_CONNECTION, "/Verifications")

    answer = tell_phone(nina)

    assert "We cannot reach our phone provider just now." in errors_beside(answer, "phone_number")
    assert f'value="{NINAS_PHONE}"' in answer.content.decode()


def test_phone_that_another_has_proved_looks_like_any_other_until_the_code(nina: Client) -> None:
    tom()

    own = tell_phone(nina)
    toms = tell_phone(nina, TOMS_PHONE)
    page = nina.get(CODE).content.decode()
    refusal = nina.post(CODE, {"code": wrong(code_on(TOMS_PHONE))})

    assert (own.status_code, own.url) == (toms.status_code, toms.url)
    assert "ends in <strong>55</strong>" in page
    assert "That is not the code we sent." in refusal.content.decode()


def test_whoever_holds_a_proved_phone_learns_that_it_has_an_account(nina: Client) -> None:
    tom()
    tell_phone(nina, TOMS_PHONE)

    answer = nina.post(CODE, {"code": code_on(TOMS_PHONE)})

    assert "already belongs to another ShoppingPlace account" in errors_beside(answer, "code")
    assert Seller.objects.get(display_name="Nina").phone_verified_at is None


# Limits


def test_sixth_text_in_an_hour_is_refused_and_not_sent(nina: Client) -> None:
    tell_phone(nina)
    for _ in range(4):
        nina.post(RESEND)

    again = nina.post(RESEND).content.decode()
    changed = tell_phone(nina, BETHS_PHONE)

    assert "You have asked for many codes. Wait an hour, then try again." in again
    assert "You have asked for many codes." in errors_beside(changed, "phone_number")
    assert texts(BETHS_PHONE) == []


def test_twenty_first_text_from_one_address_is_refused(client: Client) -> None:
    for user in UserFactory.create_batch(20):
        client.force_login(user)
        tell_phone(client)
    client.force_login(UserFactory())

    answer = tell_phone(client, BETHS_PHONE)

    assert "You have asked for many codes." in errors_beside(answer, "phone_number")
    assert texts(BETHS_PHONE) == []


@pytest.mark.parametrize(("proxies", "refused"), [(1, False), (0, True)])
def test_address_is_believed_only_from_a_trusted_proxy(
    client: Client, settings: Any, proxies: int, refused: bool
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    settings.CODES_OF_AN_ADDRESS_AN_HOUR = 1
    for address in ("198.51.100.1", "198.51.100.2"):
        client.force_login(UserFactory())
        typed = {"display_name": "Nina", "phone_number": NINAS_PHONE}
        answer = client.post(PHONE, typed, headers={"X-Forwarded-For": address})

    assert (answer.status_code == 200) is refused


def test_limit_of_one_seller_is_not_anothers(client: Client) -> None:
    client.force_login(UserFactory())
    for _ in range(6):
        tell_phone(client)
    client.force_login(UserFactory())

    assert tell_phone(client, BETHS_PHONE).url == CODE


# Who may not


@pytest.mark.parametrize("url", [PHONE, CODE, NUMBER, f"{NUMBER}state/"])
def test_pages_ask_for_a_log_in(client: Client, url: str) -> None:
    assert client.get(url).url == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("url", [CODE, RESEND])
def test_mallory_logged_out_sends_and_checks_no_code(client: Client, url: str) -> None:
    assert client.post(url, {"code": "123456"}).url.startswith("/accounts/login/")


def test_mallorys_code_proves_nothing_for_nina(nina: Client) -> None:
    tell_phone(nina)
    code = code_on(NINAS_PHONE)
    mallory = Client()
    mallory.force_login(UserFactory(username="mallory"))

    answer = mallory.post(CODE, {"code": code})

    assert answer.url == PHONE
    assert Seller.objects.get().phone_verified_at is None


@pytest.mark.parametrize("url", [CODE, NUMBER, f"{NUMBER}state/"])
def test_who_has_told_no_phone_is_asked_for_it(nina: Client, url: str) -> None:
    assert nina.get(url).url == PHONE


def test_looking_changes_nothing(nina: Client) -> None:
    for url in (PHONE, CODE, NUMBER):
        nina.get(url)

    assert nina.get(RESEND).status_code == 405
    assert not Seller.objects.exists()


def test_forged_post_is_refused(nina: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = nina.cookies

    for url in (PHONE, CODE, RESEND):
        assert strict.post(url, {}).status_code == 403


# Where the private number must not be


def test_private_number_is_in_no_url_message_or_log(
    nina: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    answers = [tell_phone(nina), nina.post(RESEND)]

    for answer in answers:
        assert "5550142" not in answer.content.decode() + str(answer.headers)
    assert caplog.records
    assert "5550142" not in "\n".join(map(as_written, caplog.records))


def as_written(record: logging.LogRecord) -> str:
    """*record* as the site's own handler writes it."""
    [written] = [
        handler.format(record)
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, ProcessorFormatter)
    ]
    return written


def test_error_report_holds_no_private_number(nina: Client, settings: Any) -> None:
    settings.PHONE_NUMBER_KEYS = []  # Nothing can be sealed: the view fails half-way.
    nina.raise_request_exception = False

    answer = tell_phone(nina)

    assert answer.status_code == 500
    report = ExceptionReporter(answer.wsgi_request, *answer.exc_info).get_traceback_html()
    assert "seller_phone" in report
    assert "5550142" not in report
