"""The demo from outside: its own process, its own port, its own data."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from playwright.sync_api import expect

from shoppingplace.demo import CannotGoOn, addresses, environment
from shoppingplace.demo.__main__ import _free_port
from tests.project.conftest import ROOT

# One of the browser's own that says yes to everything.
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(port, folder, log, prefix=""):
    with log.open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "shoppingplace.demo"],
            cwd=ROOT,
            stdout=said,
            stderr=said,
            env={
                "PATH": os.environ["PATH"],
                "PORT": str(port),
                "PREFIX": prefix,
                "VAR_DIR": str(folder / "var"),
                "ENV_FILE": str(folder / "env"),
            },
        )


def wait_until_up(process, log):
    deadline = time.monotonic() + 90
    while "Ctrl-C" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


@pytest.fixture
def demo(free_port, tmp_path, request):
    """A running demo, once it has said where it is; a parameter is the prefix of its paths."""
    log = tmp_path / "said"
    prefix = getattr(request, "param", "")
    process = start(free_port, tmp_path, log, prefix)
    try:
        wait_until_up(process, log)
        yield process, log, f"http://localhost:{free_port}{prefix}"
    finally:
        process.terminate()
        process.wait(30)


def processes_with(text):
    """Ids of the processes of this machine whose command line names *text*, oldest first."""
    if Path("/proc/self").exists():
        found = [
            path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if text in _read(path)
        ]
    else:
        listing = subprocess.check_output(["ps", "-axwwo", "pid=,args="], text=True)
        found = [line.split()[0] for line in listing.splitlines() if text in line]
    return sorted(map(int, found))


def bound(site):
    """As the web server's command line has it."""
    return site.replace("http://localhost", "127.0.0.1")


def _read(path):
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""


def test_demo_serves_the_shop_and_leaves_nobody_behind(demo, tmp_path):
    process, log, site = demo
    assert "Tom" in requests.get(f"{site}/switchboard/phones/", timeout=10).text
    assert len(processes_with(bound(site))) > 0
    assert len(processes_with(str(tmp_path))) > 0

    process.send_signal(signal.SIGINT)

    assert process.wait(30) == 0
    assert "Stopped." in log.read_text()
    assert processes_with(bound(site)) == []
    assert processes_with(str(tmp_path)) == []


def test_buyer_whose_session_ended_reaches_tom_again(demo, tmp_path):
    """On SQLite, where the demo lives and no other test goes."""
    _, _, site = demo
    phones, proxy = f"{site}/switchboard/phones/api", f"{site}/switchboard/proxy/v1/Services"
    secrets = dict(re.findall(r"^(\w+)=(.*)$", (tmp_path / "env").read_text(), re.MULTILINE))
    with requests.Session() as twilio:
        twilio.auth = (secrets["TWILIO_ACCOUNT_SID"], secrets["TWILIO_AUTH_TOKEN"])
        text = {"from": "+14151115555", "to": "+14151111111", "body": "Still there?"}
        twilio.post(f"{phones}/messages", text, timeout=20).raise_for_status()
        service = twilio.get(proxy, timeout=20).json()["services"][0]["links"]["sessions"]
        session = twilio.get(service, timeout=20).json()["sessions"][0]
        twilio.post(session["url"], {"Status": "closed"}, timeout=20).raise_for_status()

        twilio.post(f"{phones}/messages", text, timeout=20).raise_for_status()

        toms = twilio.get(f"{phones}/phones/+14152345555", timeout=20).json()
    assert [message["body"] for message in toms["messages"]] == ["Still there?"] * 2


def test_passkey_is_made_where_the_demo_says_it_is(demo, browser, tmp_path):
    """Browsers offer none at a bare address, such as http://127.0.0.1."""
    _, log, _ = demo
    log_in, password = re.search(
        r"Log in at (\S+) with the password (\S+)", log.read_text()
    ).groups()
    with browser.new_context() as context:
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto(log_in)
        page.get_by_label("Email").fill("bob@example.com")
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_url("**/")
        page.goto(urljoin(log_in, "/accounts/2fa/webauthn/add/"))
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Make the passkey").click()

        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


@pytest.mark.parametrize("demo", ["/shop"], indirect=True)
def test_everything_stays_below_a_prefix(demo, browser):
    """The passkey's page and a text that Proxy asks us about among it."""
    _, log, site = demo
    password = re.search(r"with the password (\S+)", log.read_text())[1]
    asked = []
    with browser.new_context(base_url=f"{site}/") as context:
        page = context.new_page()
        page.on("response", lambda answer: asked.append((answer.status, answer.url)))
        page.goto("accounts/login/")
        page.get_by_label("Email").fill("bob@example.com")
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_url(f"{site}/")
        for link in page.get_by_role("navigation").get_by_role("link").all():
            context.request.get(urljoin(page.url, link.get_attribute("href"))).dispose()
        page.get_by_role("main").get_by_role("article").first.get_by_role("link").first.click()
        page.get_by_role("link", name="ShoppingPlace").first.click()
        page.wait_for_url(f"{site}/")
        assert {cookie["path"] for cookie in context.cookies()} == {"/shop/"}
    assert [one for one in asked if one[0] >= 400 or not one[1].startswith(f"{site}/")] == []

    phones = f"{site}/switchboard/phones/api"
    text = {"from": "+14151115555", "to": "+14151111111", "body": "Still there?"}
    requests.post(f"{phones}/messages", text, timeout=20).raise_for_status()
    toms = requests.get(f"{phones}/phones/+14152345555", timeout=20).json()["messages"]
    assert [message["body"] for message in toms] == ["Still there?"]


def test_demo_stops_and_says_why_when_its_worker_dies(demo, tmp_path):
    process, log, site = demo
    worker = processes_with(str(tmp_path))[0]

    os.kill(worker, signal.SIGKILL)

    assert process.wait(30) == 1
    assert "The worker stopped." in log.read_text()
    assert processes_with(bound(site)) == []
    assert processes_with(str(tmp_path)) == []


def test_second_demo_on_the_same_data_is_refused(demo, free_port, tmp_path):
    _, _, site = demo
    log = tmp_path / "said by the second"
    second = start(free_port + 1, tmp_path, log)

    assert second.wait(30) == 1
    assert "A demo is running on" in log.read_text()
    assert requests.get(f"{site}/readyz", timeout=10).ok


def test_demo_that_was_killed_is_cleared_away_by_the_next(demo, free_port, tmp_path):
    first, _, site = demo
    first.kill()
    first.wait(30)
    left_over = set(processes_with(bound(site)))
    assert left_over

    log = tmp_path / "said by the next"
    following = start(free_port, tmp_path, log)
    try:
        wait_until_up(following, log)
        assert left_over.isdisjoint(processes_with(bound(site)))
    finally:
        following.terminate()
        following.wait(30)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_taken_port_is_said_with_another_to_take(free_port, address):
    if f"[::1]:{free_port}" not in addresses.bindings(free_port) and address == "::1":
        pytest.skip("this machine has no IPv6")
    with (
        socket.create_server((address, free_port), family=addresses.FAMILIES[address]),
        pytest.raises(CannotGoOn, match=f"make demo PORT={free_port + 1}"),
    ):
        _free_port(str(free_port))


@pytest.mark.parametrize("text", ["", "web", "0", "65536", "-1"])
def test_port_that_is_none_is_refused(text):
    with pytest.raises(CannotGoOn, match="must be a number"):
        _free_port(text)


def test_env_file_is_made_for_its_owner_alone(tmp_path, run_python):
    file = tmp_path / "env"
    environment.complete_file(file)

    assert file.stat().st_mode & 0o777 == 0o600
    ended = run_python(
        "import django; django.setup();"
        "from django.core.management import call_command; call_command('check')",
        DJANGO_SETTINGS_MODULE="shoppingplace.settings",
        ENV_FILE=str(file),
        **dict.fromkeys(
            ["SECRET_KEY", "PHONE_NUMBER_KEYS", "PHONE_NUMBER_INDEX_KEY", "TWILIO_ACCOUNT_SID",
             "TWILIO_AUTH_TOKEN", "TWILIO_VERIFY_SERVICE_SID"]
        ),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


def test_env_file_that_is_there_keeps_its_lines(tmp_path):
    file = tmp_path / "env"
    file.write_text("SECRET_KEY=mine")

    environment.complete_file(file)
    once = file.read_text()
    environment.complete_file(file)

    first, second = once.splitlines()
    assert (first, second.partition("=")[0]) == ("SECRET_KEY=mine", "DEMO_PASSWORD")
    assert file.read_text() == once


def test_demo_never_touches_the_site_that_env_names(tmp_path, run_python):
    file = tmp_path / "env"
    file.write_text(
        "DATABASE_URL=postgres://shop@db.example/shop\nREDIS_URL=redis://redis.example\n"
        "TWILIO_BASE_URL=https://{product}.twilio.com\nEMAIL_HOST=smtp.example\n"
        "TWILIO_PROXY_BASE_URL=https://proxy.twilio.com\n"
    )
    ended = run_python(
        "from shoppingplace import settings as s; print(s.DATABASES, s.CACHES, s.MAILERS,"
        "s.CELERY_BROKER_URL, s.TWILIO_BASE_URL, s.TWILIO_PRODUCT_BASE_URLS)",
        **environment.for_site("http://localhost:8014", tmp_path),
        ENV_FILE=str(file),
    )

    assert ended.returncode == 0, ended.stderr
    assert ".example" not in ended.stdout
    assert "twilio.com" not in ended.stdout
