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
