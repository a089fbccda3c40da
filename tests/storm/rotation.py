"""Auth tokens change while calls come in, at every kind of address at which the site may stand.

At each address a real gunicorn, behind a proxy that ends TLS, is told of the new token as the
README says: written into the file of settings, and told to reload. Several clients post
meanwhile what Twilio would, signed by Twilio's own library with the token that is valid there
at that moment, and what Mallory would. Half of the strangers call a seller; what they hear must
be the same, to the byte, with headers that lie. The control forgets the old token at once, and
believes what headers claim of its address.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.db import connection
from django.utils import timezone
from twilio.request_validator import RequestValidator

from proxying.models import ProxyService, ReservedNumber
from tests.storm import Result, processes, sellers, tls_proxy
from tests.storm.forged_posts import PATHS, Post, genuine
from tests.storm.processes import Process, Site, free_port

FIGURE = 8
TITLE = "Token rotations under load, at every supported address, with spoofed headers"
N = 3_000
SMALL = 100
CONTROL = 100
ALONE = True

_ROTATIONS = 20
_CLIENTS = 8
# A rotation's phases: before, both tokens known, after.
_PHASES = 3
_A_ROTATION = 150
# Of the genuine ones at least so many must reach the seller, and of the forged be refused.
_CONNECTED, _REFUSED = 0.05, 0.95
_TO_THE_SELLER = 0.5
_NAMED = b'"participantIdentifier"'
# What Mallory claims of the address: each of it lets a gullible site be deceived.
_CLAIMS = {"of another host", "of another prefix", "of another scheme"}
_RELOADED_WITHIN = 60.0

_MALLORY = "mallory.example"
_SPOOFS: tuple[dict[str, str], ...] = (
    {"X-Forwarded-Host": _MALLORY, "X-Forwarded-Proto": "https"},
    {"X-Forwarded-Proto": "http", "X-Forwarded-Port": "99", "X-Forwarded-For": "10.0.0.1, ::1"},
    {"Forwarded": f"for=1.2.3.4;host={_MALLORY};proto=http"},
    {"X-Original-URL": "/livez", "X-Rewrite-URL": "/proxy/callbacks/interactions/"},
    {"X-Forwarded-Prefix": "/mallory", "X-Script-Name": "/mallory", "X-Forwarded-Ssl": "off"},
    {"SCRIPT_NAME": "/proxy", "PATH_INFO": "/livez"},
    {"Host": _MALLORY},
    {"Host": "10.0.0.7:8000", "X-Forwarded-Server": _MALLORY},
    {"Host": f"{tls_proxy.HOST}.:99", "X-Host": _MALLORY, "X-HTTP-Method-Override": "GET"},
)


@dataclass(frozen=True)
class WayIn:
    """Where the world finds the site, and what is before it."""

    name: str
    tls: bool = True
    names_port: bool = False
    prefix: str = ""
    cut_off: bool = False


# The last first when there is no time for all.
_WAYS = (
    WayIn("no proxy", tls=False, names_port=True),
    WayIn("TLS"),
    WayIn("TLS, a port", names_port=True),
    WayIn("TLS, a prefix", prefix="/shop"),
    WayIn("TLS, a prefix that the proxy cuts off", prefix="/shop", cut_off=True),
    WayIn("TLS, a port, a prefix", names_port=True, prefix="/shop/here"),
)


def run(n: int, seed: int) -> Result:
    counted = _storm(n, seed, keeps_the_old=True, app="shoppingplace.wsgi")
    genuine_ones, forged_ones = sum(counted.genuine.values()), sum(counted.forged.values())
    good = counted.genuine["connected"] + counted.genuine["accepted"]
    return Result(
        held=good == genuine_ones
        and counted.genuine["connected"] >= _CONNECTED * genuine_ones
        and not counted.let_in
        and counted.forged["403"] >= _REFUSED * forged_ones,
        measured=counted.told(),
    )


def control(n: int, seed: int) -> Result:
    """Holds unless all is seen: the genuine that are refused, and each claim that is believed."""
    counted = _storm(n, seed, keeps_the_old=False, app="tests.storm.gullible")
    return Result(
        held=not counted.genuine["403"] or set(counted.let_in) != _CLAIMS,
        measured=counted.told(),
    )


def _storm(n: int, seed: int, *, keeps_the_old: bool, app: str) -> "Counted":
    rotations = max(1, min(_ROTATIONS, n // _A_ROTATION))
    ways = _WAYS[-rotations:]
    answers = max(2, n // (rotations * _PHASES * _CLIENTS))
    counted = Counted(f"{rotations} rotations at {len(ways)} kinds of address")
    seller = _a_seller()
    with processes.folder() as folder:
        certificate = tls_proxy.make_certificate(folder / "shop.pem")
        for place, way in enumerate(ways):
            here = len(range(place, rotations, len(ways)))
            with _published(way, folder / str(place), certificate, app) as shop:
                load = Load(shop, seller, random.Random(f"{seed} {place}"), counted)
                with load.running():
                    for _ in range(here):
                        _rotate(shop, load, answers, keeps_the_old=keeps_the_old)
    return counted


def _a_seller() -> str:
    """The number by which one can be called."""
    number = ReservedNumber.objects.create(
        seller=sellers.sign_up(0),
        status=ReservedNumber.Status.ACTIVE,
        service=ProxyService.objects.create(
            service_sid=f"KS{1:032x}", unique_name="storm", country="US"
        ),
        proxy_identifier="+14153000001",
        phone_number_sid=f"PN{1:032x}",
        active_at=timezone.now(),
        next_attempt_at=None,
    )
    connection.close()
    return str(number.proxy_identifier)


@dataclass
class Shop:
    """The running site, and Twilio's side of it."""

    public: str
    port: int
    certificate: Path | None
    settings: Path
    web: Process
    token: str = "token-0"

    def know(self, *tokens: str) -> None:
        """As the README says; comes back when nobody is left who knew others."""
        _write_tokens(self.settings, *tokens)
        before = set(self.web.children())
        os.kill(self.web.pid, signal.SIGHUP)
        deadline = time.monotonic() + _RELOADED_WITHIN
        while not (now := set(self.web.children())) or now & before:
            if time.monotonic() > deadline:
                raise RuntimeError(f"gunicorn does not reload: {self.web.log.read_text()[-2000:]}")
            time.sleep(0.05)


def _rotate(shop: Shop, load: "Load", answers: int, *, keeps_the_old: bool) -> None:
    old, new = shop.token, f"token-{int(shop.token.partition('-')[2]) + 1}"
    load.wait(answers)
    shop.know(*([new, old] if keeps_the_old else [new]))
    load.wait(answers // 2 or 1)
    shop.token = new
    load.wait(answers // 2 or 1)
    if keeps_the_old:
        shop.know(new)
    load.retired = old
    load.wait(answers)


@contextmanager
def _published(way: WayIn, folder: Path, certificate: Path, app: str) -> Iterator[Shop]:
    folder.mkdir()
    inner, outer = free_port(), free_port()
    host = tls_proxy.HOST if way.tls else "127.0.0.1"
    port = f":{outer if way.tls else inner}" if way.names_port else ""
    public = f"{'https' if way.tls else 'http'}://{host}{port}{way.prefix}"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "TWILIO_AUTH_TOKEN"},
        "PUBLIC_BASE_URL": public,
        "ENV_FILE": str(folder / "env"),
        "SWITCHBOARD": "False",
        "SWITCHBOARD_VIRTUAL_CARRIER": "False",
    }
    _write_tokens(folder / "env", Shop.token)
    site = Site(folder, environment)
    with ExitStack() as ending:
        web = site.add(
            "web", "gunicorn", app, "--worker-class", "gthread",
            "--threads", "16", "--bind", f"127.0.0.1:{inner}",
        )  # fmt: skip
        ending.callback(web.kill)
        processes.wait_for(f"http://127.0.0.1:{inner}{way.prefix}/livez", web)
        if way.tls:
            cut_off = way.prefix if way.cut_off else ""
            ending.enter_context(tls_proxy.proxy(outer, inner, certificate, cuts_off=cut_off))
        yield Shop(
            public,
            outer if way.tls else inner,
            certificate if way.tls else None,
            folder / "env",
            web,
        )


def _write_tokens(settings: Path, *tokens: str) -> None:
    settings.write_text(f"TWILIO_AUTH_TOKEN={','.join(tokens)}\n")


@dataclass
class Counted:
    """What came of all posts. *let_in* holds the forgeries that were accepted, by their kind."""

    what: str
    genuine: Counter[str] = field(default_factory=Counter)
    forged: Counter[str] = field(default_factory=Counter)
    let_in: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def told(self) -> str:
        return (
            f"{self.what}: {sum(self.genuine.values())} genuine {dict(self.genuine)}, "
            f"{sum(self.forged.values())} forged {dict(self.forged)}, "
            f"let in {dict(self.let_in) or 0}; slowest {self.slowest:.1f} s, while reloading"
        )


@dataclass(frozen=True)
class Answer:
    """What was heard: the status, or why there was none, and the body."""

    status: str
    body: bytes = b""

    @property
    def is_accepted(self) -> bool:
        return self.status in {"200", "204"}


@dataclass(frozen=True)
class Forgery:
    kind: str
    headers: dict[str, str]
    signature: str


class Load:
    """Clients that post one after the other, each the next when it has an answer."""

    def __init__(self, shop: Shop, seller: str, chance: random.Random, counted: Counted) -> None:
        self.retired = "never-a-token"
        self._shop, self._seller = shop, seller
        self._counted = counted
        self._lock = threading.Lock()
        self._answered = [0] * _CLIENTS
        self._over = threading.Event()
        self._clients = [
            threading.Thread(target=self._post, args=(nth, random.Random(chance.random())))
            for nth in range(_CLIENTS)
        ]

    @contextmanager
    def running(self) -> Iterator[None]:
        for client in self._clients:
            client.start()
        try:
            yield
        finally:
            self._over.set()
            for client in self._clients:
                client.join()

    def wait(self, answers: int) -> None:
        """Until each client has begun that many more after now, and has their answers."""
        # The first may be to what was posted before.
        wanted = [had + 1 + answers for had in self._answered]
        while any(had < wants for had, wants in zip(self._answered, wanted, strict=True)):
            if not any(client.is_alive() for client in self._clients):
                raise RuntimeError("the clients died")
            time.sleep(0.02)

    def _post(self, nth: int, chance: random.Random) -> None:
        while not self._over.is_set():
            post = genuine(chance)
            if post.path == PATHS["out_of_session_callback"] and chance.random() < _TO_THE_SELLER:
                post = replace(post, fields={**post.fields, "To": self._seller})
            signature, spoofs = self._sign(post, chance), _spoofs(chance)
            plain = self._send(post, {}, signature)
            self._note_genuine(plain, plain)
            if spoofs:
                self._note_genuine(self._send(post, spoofs, signature), plain)
            forgery = self._forged(post, chance)
            self._note_forged(forgery, self._send(post, forgery.headers, forgery.signature))
            self._answered[nth] += 1

    def _sign(self, post: Post, chance: random.Random) -> str:
        """As Twilio does, which leaves a port out at times."""
        given = urlsplit(self._shop.public)
        bare = given._replace(netloc=given.hostname or "")
        url = chance.choice([given, bare]).geturl() + post.path
        return _signature(self._shop.token, url, post)

    def _forged(self, post: Post, chance: random.Random) -> Forgery:
        """With a token that is none (any more), or with ours for an address that is claimed."""
        shop = self._shop
        given = urlsplit(shop.public)
        own = shop.public + post.path
        other = "http" if given.scheme == "https" else "https"
        host = given._replace(netloc=_MALLORY).geturl() + post.path
        prefix = given._replace(path="/x").geturl() + post.path
        scheme = given._replace(scheme=other).geturl() + post.path
        return chance.choice(
            [
                Forgery("by Mallory", _spoofs(chance), _signature("mallorys", own, post)),
                Forgery("of old", _spoofs(chance), _signature(self.retired, own, post)),
                Forgery(
                    "of another host",
                    {"X-Forwarded-Host": _MALLORY, "Host": _MALLORY},
                    _signature(shop.token, host, post),
                ),
                Forgery(
                    "of another prefix",
                    {"X-Forwarded-Prefix": "/x"},
                    _signature(shop.token, prefix, post),
                ),
                Forgery(
                    "of another scheme",
                    {"X-Forwarded-Proto": other},
                    _signature(shop.token, scheme, post),
                ),
            ]
        )

    def _send(self, post: Post, spoofs: dict[str, str], signature: str) -> Answer:
        given = urlsplit(self._shop.public)
        line = tls_proxy.Line(self._shop.port, self._shop.certificate)
        headers = {"Host": given.netloc, **post.headers, **spoofs}
        headers["X-Twilio-Signature"] = signature
        began = time.monotonic()
        try:
            line.request("POST", given.path + post.path, urlencode(post.fields), headers)
            heard = line.getresponse()
            return Answer(str(heard.status), heard.read())
        except (OSError, HTTPException) as error:
            return Answer(type(error).__name__)
        finally:
            line.close()
            with self._lock:
                self._counted.slowest = max(self._counted.slowest, time.monotonic() - began)

    def _note_genuine(self, answer: Answer, plain: Answer) -> None:
        if not answer.is_accepted:
            kind = answer.status
        elif plain.is_accepted and answer != plain:
            kind = "CHANGED by what headers claim"
        else:
            kind = "connected" if _NAMED in answer.body else "accepted"
        with self._lock:
            self._counted.genuine[kind] += 1

    def _note_forged(self, forgery: Forgery, answer: Answer) -> None:
        with self._lock:
            self._counted.forged["LET IN" if answer.is_accepted else answer.status] += 1
            if answer.is_accepted:
                self._counted.let_in[forgery.kind] += 1


def _spoofs(chance: random.Random) -> dict[str, str]:
    """Half of all tell the truth."""
    return chance.choice([{}, chance.choice(_SPOOFS)])


def _signature(token: str, url: str, post: Post) -> str:
    signed: str = RequestValidator(token).compute_signature(url, post.fields)
    return signed
