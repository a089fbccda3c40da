"""Reports of errors say where it broke, and hold nothing that was handled there."""

import pytest
from django.test import RequestFactory
from django.views.debug import get_exception_reporter_class

NUMBER = "+14152345555"
TOKEN = "a-token-that-nobody-may-read"


def break_down(number: str, token: str) -> None:
    raise ValueError(f"cannot ring {number}")


@pytest.fixture
def report() -> str:
    request = RequestFactory().post(f"/?from=%2B{NUMBER[1:]}", {"phone": NUMBER, "text": TOKEN})
    try:
        break_down(NUMBER, TOKEN)
    except ValueError as error:
        made = get_exception_reporter_class(request)(
            request, type(error), error, error.__traceback__
        )
    return str(made.get_traceback_html()) + str(made.get_traceback_text())


def test_report_says_where_it_broke(report: str) -> None:
    assert "break_down" in report
    assert "cannot ring •••55" in report


def test_report_holds_no_value(report: str, settings: pytest.FixtureRequest) -> None:
    # The lines of the code itself are there, this file's too.
    lines = [line for line in report.splitlines() if "TOKEN = " not in line]
    assert TOKEN not in "\n".join(lines)
    assert NUMBER[-7:] not in "".join(line for line in lines if "NUMBER = " not in line)
    assert settings.SECRET_KEY not in report
