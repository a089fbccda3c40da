import json

import pytest

LOG = """
import logging
import structlog
import shoppingplace.settings

{statement}
"""


@pytest.mark.parametrize(
    "statement",
    [
        "logging.getLogger('any').warning('call from %s', '+14152345555')",
        "structlog.get_logger().warning('call', caller='+14152345555')",
        "structlog.get_logger().warning('call', request={'From': ['+14152345555']})",
        """
try:
    raise ValueError('+14152345555')
except ValueError:
    logging.getLogger('any').exception('failed')
""",
    ],
)
def test_log_line_is_json_without_the_number(run_python, statement):
    ended = run_python(LOG.format(statement=statement), LOG_FORMAT="json")

    assert json.loads(ended.stderr)["level"] in {"warning", "error"}
    assert "415234" not in ended.stderr


def test_line_that_cannot_be_written_is_not_printed_otherwise(run_python):
    ended = run_python(
        """
import logging
import shoppingplace.settings
logging.getLogger('any').warning('%d calls from %s', 'many', '+14152345555')
""",
        LOG_FORMAT="json",
    )
    assert "415234" not in ended.stderr


def test_twilios_client_is_heard_when_it_warns_only(run_python):
    ended = run_python(
        """
import logging
import shoppingplace.settings
logging.getLogger('twilio.http_client').info('Headers:')
logging.getLogger('twilio.http_client').warning('trouble')
""",
        LOG_FORMAT="json",
        LOG_LEVEL="INFO",
    )
    assert json.loads(ended.stderr)["event"] == "trouble"


POLLS = """
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", "switchboard", verbosity=0)
for path in "/switchboard/phones/api/phones", "/switchboard/phones/api/phones/nobody", "/livez":
    Client(headers={"host": "testserver"}).get(path)
"""


def test_page_that_asks_for_itself_is_logged_only_when_it_is_refused(run_python):
    ended = run_python(
        POLLS,
        DJANGO_SETTINGS_MODULE="shoppingplace.settings",
        DATABASE_URL="sqlite://:memory:",
        LOG_FORMAT="json",
        LOG_LEVEL="INFO",
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [
        (line["request"], line["code"]) for line in lines if line["event"] == "request_finished"
    ] == [("GET /switchboard/phones/api/phones/nobody", 404), ("GET /livez", 200)]
