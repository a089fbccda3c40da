"""Requests that no browser and no Twilio sends: refused without a query, never a 500."""

import io
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shoppingplace.wsgi import application
from tests.proxying.callbacks import FORM
from tests.proxying.test_signatures import CALLBACKS, every_callback


def environ(name, body, **changes):
    """What a WSGI server hands over, with no client between that sets things right."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": reverse(name),
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_TWILIO_SIGNATURE": "A" * 27 + "=",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        **changes,
    }


def send(name, body=b"", **changes):
    """Through our WSGI application, but for its signals, which close a test's connection."""
    return application.get_response(application.request_class(environ(name, body, **changes)))


FORBIDDEN = (403, b"Forbidden\n")

ODD_HEADERS = [
    {"CONTENT_LENGTH": "9" * 5000},
    {"CONTENT_LENGTH": "-1"},
    {"CONTENT_LENGTH": "1e3"},
    {"CONTENT_LENGTH": "٣"},
    {"CONTENT_LENGTH": "99"},
    {"CONTENT_LENGTH": ""},
    {"CONTENT_TYPE": f"{FORM}; charset=utf-7"},
    {"CONTENT_TYPE": f"{FORM}; charset=undefined"},
    {"CONTENT_TYPE": f"{FORM}; charset=\x00"},
    {"CONTENT_TYPE": f"{FORM}; charset=utf-7"},
    {"CONTENT_TYPE": f"{FORM}; charset*=bogus''x"},
    {"CONTENT_TYPE": f"{FORM}; charset*=utf-8''%00"},
    {"CONTENT_TYPE": "x" * 100_000 + ";"},
    {"HTTP_X_TWILIO_SIGNATURE": "\xff" * 28},
    {"HTTP_X_TWILIO_SIGNATURE": "A" * 27 + "=," + "A" * 27 + "="},
    {"HTTP_X_TWILIO_SIGNATURE": "A" * 1_000_000},
    {"HTTP_COOKIE": "sessionid=" + "a" * 32},
    {"HTTP_COOKIE": "sessionid=\xff; csrftoken=\x00"},
    {"HTTP_X_FORWARDED_FOR": "\x00, not an address"},
    {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""},
    {"REQUEST_METHOD": "HEAD"},
    {"REQUEST_METHOD": "TRACE"},
    {"REQUEST_METHOD": "post"},
    {"REQUEST_METHOD": "\x00"},
    {"HTTP_X_HTTP_METHOD_OVERRIDE": "GET"},
    {"HTTP_USER_AGENT": "\x00\xff"},
    {"HTTP_X_REQUEST_ID": "\x00\n"},
]


@pytest.mark.django_db
@every_callback
@pytest.mark.parametrize("odd", ODD_HEADERS, ids=range(len(ODD_HEADERS)))
def test_odd_headers_are_refused_without_a_query(name, odd, django_assert_num_queries):
    body = urlencode(CALLBACKS[name]).encode()

    with django_assert_num_queries(0):
        response = send(name, body, **odd)

    assert (response.status_code, response.content) == FORBIDDEN


@pytest.mark.django_db
@hypothesis_settings(max_examples=300)
@given(
    body=st.binary(max_size=200)
    | st.text("=&%+;\x00aFromToé0", max_size=80).map(lambda text: text.encode()),
    headers=st.fixed_dictionaries(
        {},
        optional={
            header: st.text(st.characters(max_codepoint=255), max_size=60)
            for header in (
                "CONTENT_TYPE",
                "CONTENT_LENGTH",
                "HTTP_X_TWILIO_SIGNATURE",
                "HTTP_COOKIE",
                "QUERY_STRING",
                "REQUEST_METHOD",
            )
        },
    ),
)
def test_nonsense_is_refused(body, headers):
    response = send("out_of_session_callback", body, **headers)

    assert (response.status_code, response.content) == FORBIDDEN
