"""Auth tokens change while calls come in, at every address at which the site may stand."""

import random
from urllib.parse import urlencode

from django.test import Client, override_settings

from tests.storm import Result
from tests.storm.forged_posts import FORM, Post, genuine, sign

FIGURE = 8
TITLE = "Token rotations under load, at every supported address, with spoofed headers"
N = 8_000
SMALL = 400
CONTROL = 400

ROTATIONS = 20
# What we told Twilio, and as what it may sign that: its port is at times left out.
_WAYS_IN = {
    "http://testserver": ("http://testserver",),
    "https://shop.example": ("https://shop.example",),
    "https://shop.example:8443": ("https://shop.example:8443", "https://shop.example"),
}
_SPOOFS = (
    {},
    {"X-Forwarded-Host": "mallory.example", "X-Forwarded-Proto": "https"},
    {"X-Forwarded-Proto": "http", "X-Forwarded-Port": "99", "X-Forwarded-For": "10.0.0.1"},
    {"Forwarded": "host=mallory.example;proto=https", "X-Original-URL": "/", "X-Rewrite-URL": "/"},
)


def run(n: int, seed: int, *, keeps_the_old: bool = True) -> Result:
    chance = random.Random(seed)
    refused = accepted = sent = 0
    for rotation in range(ROTATIONS):
        old, new = f"token-{rotation}", f"token-{rotation + 1}"
        # Ours first: both are known before Twilio moves, at a moment that we do not see.
        during = [new, old] if keeps_the_old else [new]
        for known, signs_with in (([old], [old]), (during, [old, new]), ([new], [new])):
            with override_settings(TWILIO_AUTH_TOKENS=known, ALLOWED_HOSTS=["*"]):
                for _ in range(n // ROTATIONS // 3):
                    sent += 1
                    refused += _answer(chance, chance.choice(signs_with)) not in {200, 204}
                    accepted += _answer(chance, "mallory's") != 403
                    accepted += _answer(chance, known[0], spoofed=True) != 403
    return Result(
        held=not refused and not accepted,
        measured=(
            f"{ROTATIONS} rotations, {sent} genuine callbacks at {len(_WAYS_IN)} addresses: "
            f"{refused} refused; {2 * sent} forged: {accepted} accepted"
        ),
    )


def control(n: int, seed: int) -> Result:
    """The new token takes the old one's place at once."""
    return run(n, seed, keeps_the_old=False)


def _answer(chance: random.Random, token: str, *, spoofed: bool = False) -> int:
    """*spoofed*: signed for the address that its headers claim, with a token that is ours."""
    post: Post = genuine(chance)
    told, signed_as = chance.choice(list(_WAYS_IN.items()))
    base = "https://mallory.example" if spoofed else chance.choice(signed_as)
    headers = dict(chance.choice(_SPOOFS[1:] if spoofed else _SPOOFS))
    headers |= {
        "Host": "mallory.example" if spoofed else chance.choice(["shop.example", "10.0.0.7:8000"]),
        "X-Twilio-Signature": sign(base + post.path, post, token),
    }
    with override_settings(PUBLIC_ORIGIN=told):
        return (
            Client(raise_request_exception=False)
            .post(post.path, urlencode(post.fields), content_type=FORM, headers=headers)
            .status_code
        )
