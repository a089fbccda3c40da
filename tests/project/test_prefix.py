"""The site below a path of a host that it shares: https://shop.example/shop."""

import json
from urllib.parse import urlsplit

import pytest

PREFIXED = {
    "DJANGO_SETTINGS_MODULE": "shoppingplace.settings",
    "PUBLIC_BASE_URL": "https://shop.example:8443/shop",
}
ASK = """
import json, sys
from wsgiref.util import setup_testing_defaults
from shoppingplace.wsgi import application
for environ in json.loads({requests!r}):
    setup_testing_defaults(environ)
    application(environ, lambda status, headers: print(status[:3], dict(headers).get("Location")))
"""


@pytest.fixture
def ask(run_python):
    """What the WSGI application answers to each of some requests: status, and where to."""

    def asked(*requests, **settings):
        # With DEBUG no page needs collected static files.
        settings |= {"DEBUG": "True", "LOG_LEVEL": "CRITICAL"}
        script = ASK.format(requests=json.dumps(requests))
        ended = run_python(script, **PREFIXED | settings)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.splitlines()

    return asked


def test_path_is_found_with_its_prefix_and_when_a_proxy_cut_that_off(ask):
    site = {"HTTP_HOST": "shop.example:8443", "HTTP_X_FORWARDED_PROTO": "https"}

    assert ask(
        {"PATH_INFO": "/shop/livez"},
        {"PATH_INFO": "/livez"},
        {"PATH_INFO": "/livez", "SCRIPT_NAME": "/shop"},
        {"PATH_INFO": "/shop", **site},
        {"PATH_INFO": "/shop/shop/livez", **site},
        {"PATH_INFO": "/shopping/livez", **site},
    ) == ["200 None", "200 None", "200 None", "301 /shop/", "404 None", "404 None"]


def test_site_at_the_root_of_its_host_believes_no_script_name(ask):
    assert ask(
        {"PATH_INFO": "/livez"},
        {"PATH_INFO": "/livez", "SCRIPT_NAME": "/mallory"},
        PUBLIC_BASE_URL="http://127.0.0.1",
    ) == ["200 None", "404 None"]


def test_machines_are_answered_whatever_host_a_proxy_passes_and_people_are_not(ask):
    callback = "/shop/proxy/callbacks/interactions/"
    mallory = {"HTTP_HOST": "mallory.example", "HTTP_X_FORWARDED_PROTO": "https"}

    assert ask(
        {"PATH_INFO": "/shop/livez", **mallory},
        {"PATH_INFO": callback, "REQUEST_METHOD": "POST", **mallory},
        {"PATH_INFO": "/shop/how-it-works/", **mallory},
    ) == ["200 None", "403 None", "400 None"]


def test_links_have_the_prefix_where_there_is_no_request(run_python):
    """As in a worker's threads, which write mails and tell Proxy where we are."""
    ended = run_python(
        "import django, threading; django.setup()\n"
        "from proxying.capacity.opening import callback_urls\n"
        "from proxying.hold import wait\n"
        "def told(): print(callback_urls(), wait(1).decode())\n"
        "one = threading.Thread(target=told); one.start(); one.join()",
        **PREFIXED,
    )

    site = "https://shop.example:8443/shop/proxy/callbacks/"
    assert f"'{site}out-of-session/'" in ended.stdout, ended.stderr
    assert f">{site}hold/1/<" in ended.stdout


def test_cookies_stay_below_the_prefix(run_python):
    ended = run_python(
        "from shoppingplace import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_PATH, s.CSRF_COOKIE_NAME,"
        "s.CSRF_COOKIE_PATH, s.STATIC_URL, s.MEDIA_URL)",
        **PREFIXED,
    )

    assert ended.stdout.split() == [
        "__Secure-sessionid", "/shop/", "__Secure-csrftoken", "/shop/",
        "/shop/static/", "/shop/media/",
    ]  # fmt: skip


def test_api_document_names_its_paths_below_the_prefix(run_python):
    ended = run_python(
        "import django; django.setup()\n"
        "from drf_spectacular.generators import SchemaGenerator\n"
        "print(*SchemaGenerator().get_schema(public=True)['paths'])",
        **PREFIXED,
    )

    paths = ended.stdout.split()
    assert "/shop/api/v1/listings/" in paths, ended.stderr
    assert {urlsplit(path).path[:13] for path in paths} == {"/shop/api/v1/"}
