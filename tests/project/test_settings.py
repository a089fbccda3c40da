import re

import pytest

from tests.project.conftest import ROOT

LOAD = "import shoppingplace.settings"


def test_settings_load_with_what_the_tests_give(run_python):
    ended = run_python(LOAD)

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SECRET_KEY", None, "SECRET_KEY"),
        ("PUBLIC_BASE_URL", "shop.example", "must be scheme and host"),
        ("PUBLIC_BASE_URL", "https://shop.example/a//b", "must be scheme and host"),
        ("PUBLIC_BASE_URL", "https://shop.example/<path>", "must be scheme and host"),
        ("PUBLIC_BASE_URL", "https://shop.example?shop", "must be scheme and host"),
        ("PUBLIC_BASE_URL", "ftp://shop.example", "must be scheme and host"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be json or console"),
        ("SWITCHBOARD_VIRTUAL_CARRIER", "Flase", "must be True or False, not 'Flase'"),
        ("PROXY_SESSION_TTL", "an hour", "an hour"),
    ],
)
def test_settings_refuse_nonsense(run_python, name, value, says):
    ended = run_python(LOAD, **{name: value})

    assert ended.returncode == 1
    assert says in ended.stderr.splitlines()[-1]


def test_process_environment_wins_over_the_env_file(run_python, tmp_path):
    file = tmp_path / "env"
    file.write_text("LOG_LEVEL=DEBUG\nTIME_ZONE=Europe/Berlin\n")

    ended = run_python(
        "from shoppingplace import settings; print(settings.LOG_LEVEL, settings.TIME_ZONE)",
        ENV_FILE=str(file),
        LOG_LEVEL="ERROR",
    )

    assert ended.stdout.strip() == "ERROR Europe/Berlin"


def test_https_turns_on_secure_cookies(run_python):
    ended = run_python(
        "from shoppingplace import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT)",
        PUBLIC_BASE_URL="https://shop.example",
    )

    assert ended.stdout.strip() == "True True True"


def test_env_example_names_every_setting_and_no_other():
    source = (ROOT / "shoppingplace/settings.py").read_text()
    read = set(re.findall(r"(?:env\.\w+|_bool)\(\s*\"([A-Z_]+)\"", source)) - {"ENV_FILE"}
    read |= {f"TWILIO_{product}_BASE_URL" for product in ("PROXY", "API", "VERIFY", "LOOKUPS")}

    example = (ROOT / ".env.example").read_text()

    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == read


def test_folder_that_stands_in_for_redis_is_made(run_python, tmp_path):
    ended = run_python(LOAD, REDIS_URL="", VAR_DIR=str(tmp_path / "var"))

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "var" / "broker").is_dir()
