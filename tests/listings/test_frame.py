"""What every page shares: header, messages, fields, and the pages for when something is wrong."""

import pytest
from allauth.mfa.models import Authenticator
from django.template.loader import render_to_string
from django.test import Client

from tests.proxying.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_stranger_is_offered_a_log_in(client):
    page = client.get("/").content.decode()

    assert 'href="/accounts/login/"' in page
    assert "Log out" not in page


def test_logging_out_is_a_post(toms_browser):
    page = toms_browser.get("/").content.decode()

    assert '<form method="post" action="/accounts/logout/">' in page
    assert toms_browser.post("/accounts/logout/", follow=True).wsgi_request.user.is_anonymous


def test_wrong_password_is_said_and_the_address_kept(client):
    UserFactory(email="tom@example.com")

    page = client.post(
        "/accounts/login/", {"login": "tom@example.com", "password": "guess"}
    ).content.decode()

    assert 'class="errorlist nonfield"' in page
    assert 'value="tom@example.com"' in page


def test_sign_up_error_stands_by_its_field(client):
    page = client.post("/accounts/signup/", {"email": "beth", "password1": "1234"}).content.decode()

    assert 'id="id_email_error"' in page
    assert 'id="id_password1_error"' in page
    assert 'value="beth"' in page
    assert "1234" not in page


def test_signing_up_logs_in(client):
    client.post("/accounts/signup/", {"email": "b@example.com", "password1": "Loud-bell-54"})

    assert client.get("/my/listings/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/logout/",
    ],
)
def test_account_pages_wear_our_frame(toms_browser, path):
    browser = Client() if "login" in path or "signup" in path else toms_browser

    page = browser.get(path, follow=True).content.decode()

    assert 'class="site-header"' in page
    assert "Menu:" not in page


def test_page_that_is_not_there_has_a_way_back(client):
    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert "Not here" in answer.content.decode()


@pytest.mark.parametrize("template", ["400.html", "403.html", "500.html"])
def test_error_page_needs_neither_request_nor_database(template, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = render_to_string(template)

    assert 'href="/"' in page


def test_header_leads_a_seller_to_the_desk(toms_browser):
    page = toms_browser.get("/how-it-works/").content.decode()

    for address in ("/my/listings/", "/desk/", "/purchases/", "/favourites/", "/accounts/email/"):
        assert f'href="{address}"' in page


def test_header_offers_a_buyer_no_desk(client):
    client.force_login(UserFactory())

    page = client.get("/how-it-works/").content.decode()

    assert 'href="/purchases/"' in page
    assert 'href="/desk/"' not in page


def test_header_costs_the_session_and_the_person_alone(client, toms_browser, queries):
    client.force_login(UserFactory())

    assert queries(client, "/how-it-works/") == queries(toms_browser, "/how-it-works/") == 2


def test_page_says_which_language_it_is_in(client):
    answer = client.get("/how-it-works/", headers={"accept-language": "xx, de;q=0.5"})

    assert answer["Content-Language"] == "en"
    assert '<html lang="en">' in answer.content.decode()


def test_address_is_changed_once_it_is_confirmed(client):
    client.post("/accounts/signup/", {"email": "b@example.com", "password1": "Loud-bell-54"})

    client.post("/accounts/email/", {"action_add": "", "email": "beth@example.com"})
    page = client.get("/accounts/email/").content.decode()

    assert "Waiting for confirmation" in page
    assert "b@example.com" in page


def test_protected_account_is_told_why_its_address_stays(toms_browser, tom):
    Authenticator.objects.create(user=tom.user, type="totp", data={})

    page = toms_browser.get("/accounts/email/").content.decode()

    assert "its address stays as it is" in page
