"""Posts to the callbacks that Twilio never sent, by the way in which each is forged.

``CLASSES`` holds one function a way. Each takes a genuine post and a source of chance, and
returns what Mallory would send: never what Twilio signed, read as Twilio meant it.
"""

import base64
import hashlib
import hmac
import json
import random
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import quote, quote_plus, urlencode

FORM = "application/x-www-form-urlencoded"
ACCOUNT = "AC" + "7e57" * 8
TOKEN = "7e57" * 8
BASE = "http://testserver"

PATHS = {
    "out_of_session_callback": "/proxy/callbacks/out-of-session/",
    "interaction_callback": "/proxy/callbacks/interactions/",
    "intercept_callback": "/proxy/callbacks/intercept/",
}
_ODD = ("\x00", "\n", "' OR 1=1 --", "٣", "\uff11", "é", " ", "\r\nX: y", "{{7*7}}", "\u202e")


@dataclass(frozen=True)
class Post:
    """What is sent. *headers* are as HTTP spells them; *body* is bytes as they are."""

    path: str
    fields: dict[str, str]
    method: str = "POST"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    chunked: bool = False

    @property
    def body(self) -> bytes:
        return urlencode(self.fields).encode() if self.raw is None else self.raw

    @property
    def signature(self) -> str:
        return self.headers["X-Twilio-Signature"]

    @property
    def required(self) -> list[str]:
        return _REQUIRED[self.path]

    def with_headers(self, **headers: str) -> "Post":
        """Names in Python's spelling: ``Content_Type``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers=self.headers | named)

    def with_signature(self, signature: str) -> "Post":
        return self.with_headers(X_Twilio_Signature=signature)

    def signed(self, *, url: str | None = None, token: str = TOKEN) -> "Post":
        """As Twilio would sign these fields, for *url* and with *token*."""
        return self.with_signature(sign(BASE + self.path if url is None else url, self, token))


_REQUIRED = {
    PATHS["out_of_session_callback"]: ["AccountSid", "From", "To", "CallSid"],
    PATHS["interaction_callback"]: (
        event := [
            "interactionAccountSid",
            "interactionServiceSid",
            "interactionSessionSid",
            "interactionSid",
        ]
    ),
    PATHS["intercept_callback"]: event,
}


def sign(url: str, post: Post, token: str = TOKEN, algorithm: str = "sha1") -> str:
    signed = url + "".join(name + value for name, value in sorted(post.fields.items()))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), algorithm)).decode()


def genuine(chance: random.Random) -> Post:
    """One of the three callbacks, about strangers, really signed."""
    path = chance.choice(list(PATHS.values()))
    fields = _contact(chance) if path == PATHS["out_of_session_callback"] else _event(chance)
    return Post(path, fields, headers={"Content-Type": FORM}).signed()


def number(chance: random.Random) -> str:
    return f"+1{chance.randrange(2_000_000_000, 9_999_999_999)}"


def sid(prefix: str, chance: random.Random) -> str:
    return f"{prefix}{chance.getrandbits(128):032x}"


def _contact(chance: random.Random) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "CallSid": sid("CA", chance),
        "CallStatus": "ringing",
        "From": number(chance),
        "FromCity": chance.choice(["SAN FRANCISCO", "", "NOVATO"]),
        "To": number(chance),
        "ToCity": "",
    }


def _event(chance: random.Random) -> dict[str, str]:
    return {
        "inboundResourceSid": sid("SM", chance),
        "inboundResourceStatus": "received",
        "interactionAccountSid": ACCOUNT,
        "interactionData": '{"body":"Is it still there?"}',
        "interactionServiceSid": sid("KS", chance),
        "interactionSessionSid": sid("KC", chance),
        "interactionSid": sid("KI", chance),
        "interactionType": "Message",
        "outboundResourceStatus": "",
    }


type Forge = Callable[[Post, random.Random], Post]

CLASSES: dict[str, Forge] = {}


def _forgery(forge: Forge) -> Forge:
    CLASSES[forge.__name__] = forge
    return forge


# The signature


@_forgery
def no_signature(post: Post, chance: random.Random) -> Post:
    return replace(post, headers={"Content-Type": FORM})


@_forgery
def empty_signature(post: Post, chance: random.Random) -> Post:
    return post.with_signature("")


@_forgery
def guessed_signature(post: Post, chance: random.Random) -> Post:
    return post.with_signature(base64.b64encode(chance.randbytes(20)).decode())


@_forgery
def one_bit_off(post: Post, chance: random.Random) -> Post:
    digest = bytearray(base64.b64decode(post.signature))
    digest[chance.randrange(20)] ^= 1 << chance.randrange(8)
    return post.with_signature(base64.b64encode(digest).decode())


@_forgery
def last_bits_that_base64_ignores(post: Post, chance: random.Random) -> Post:
    """Decodes to the genuine digest, and is not what Twilio wrote."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    last = alphabet.index(post.signature[26])
    return post.with_signature(f"{post.signature[:26]}{alphabet[last ^ chance.randint(1, 3)]}=")


@_forgery
def shortened_signature(post: Post, chance: random.Random) -> Post:
    return post.with_signature(post.signature[: chance.randrange(1, 28)])


@_forgery
def lengthened_signature(post: Post, chance: random.Random) -> Post:
    return post.with_signature(post.signature + chance.choice(["=", "A", "==", "\xa0", ",", "%00"]))


@_forgery
def two_signatures(post: Post, chance: random.Random) -> Post:
    other = base64.b64encode(chance.randbytes(20)).decode()
    return post.with_signature(chance.choice([f"{post.signature},{other}", f"{other}, {other}"]))


@_forgery
def signature_in_hex(post: Post, chance: random.Random) -> Post:
    return post.with_signature(base64.b64decode(post.signature).hex())


@_forgery
def signature_in_another_case(post: Post, chance: random.Random) -> Post:
    return post.with_signature(post.signature.swapcase())


@_forgery
def signature_that_is_no_ascii(post: Post, chance: random.Random) -> Post:
    return post.with_signature("\xe9" * 27 + "=")


@_forgery
def huge_signature(post: Post, chance: random.Random) -> Post:
    return post.with_signature(post.signature * chance.randrange(2, 200))


@_forgery
def signature_elsewhere(post: Post, chance: random.Random) -> Post:
    other = {"Content-Type": FORM, "Authorization": f"Bearer {post.signature}"}
    return replace(post, headers=other | {"X-Signature": post.signature})


@_forgery
def signature_of_another_post(post: Post, chance: random.Random) -> Post:
    return post.with_signature(genuine(chance).signature)


# The key, the algorithm and the address


@_forgery
def another_token(post: Post, chance: random.Random) -> Post:
    return post.signed(token=f"{chance.getrandbits(128):032x}")


@_forgery
def empty_token(post: Post, chance: random.Random) -> Post:
    return post.signed(token="")


@_forgery
def account_sid_as_token(post: Post, chance: random.Random) -> Post:
    return post.signed(token=ACCOUNT)


@_forgery
def nearly_the_token(post: Post, chance: random.Random) -> Post:
    return post.signed(token=chance.choice([TOKEN[:-1], TOKEN + "\n", TOKEN.upper(), f" {TOKEN}"]))


@_forgery
def another_algorithm(post: Post, chance: random.Random) -> Post:
    return post.with_signature(
        sign(BASE + post.path, post, algorithm=chance.choice(["sha256", "md5", "sha512"]))
    )


@_forgery
def plain_hash(post: Post, chance: random.Random) -> Post:
    signed = f"{BASE}{post.path}{TOKEN[: chance.randrange(8)]}".encode()
    return post.with_signature(base64.b64encode(hashlib.sha1(signed).digest()).decode())


@_forgery
def signed_without_fields(post: Post, chance: random.Random) -> Post:
    """As Twilio signs a post of JSON: the address alone, and the body's hash in the query."""
    return post.with_signature(sign(BASE + post.path, replace(post, fields={})))


@_forgery
def signed_unsorted(post: Post, chance: random.Random) -> Post:
    names = sorted(post.fields, reverse=True)
    signed = BASE + post.path + "".join(name + post.fields[name] for name in names)
    digest = hmac.digest(TOKEN.encode(), signed.encode(), "sha1")
    return post.with_signature(base64.b64encode(digest).decode())


@_forgery
def signed_for_another_callback(post: Post, chance: random.Random) -> Post:
    others = [path for path in PATHS.values() if path != post.path]
    return post.signed(url=BASE + chance.choice(others))


@_forgery
def signed_for_another_host(post: Post, chance: random.Random) -> Post:
    hosts = ["http://mallory.example", "http://testserver.mallory.example", "http://TESTSERVER"]
    return post.signed(url=chance.choice(hosts) + post.path)


@_forgery
def signed_for_another_scheme_or_port(post: Post, chance: random.Random) -> Post:
    bases = ["https://testserver", "http://testserver:8081", "ftp://testserver", "//testserver"]
    return post.signed(url=chance.choice(bases) + post.path)


@_forgery
def signed_for_a_spoofed_host(post: Post, chance: random.Random) -> Post:
    spoof = {"X-Forwarded-Host": "mallory.example", "X-Forwarded-Proto": "https"}
    spoof |= {"Forwarded": "host=mallory.example;proto=https", "X-Original-URL": "/livez"}
    forged = post.signed(url="https://mallory.example" + post.path)
    return replace(forged, headers=forged.headers | spoof)


@_forgery
def signed_for_nearly_the_path(post: Post, chance: random.Random) -> Post:
    path = chance.choice([post.path[:-1], f"/{post.path}", post.path + "/", post.path.upper()])
    return post.signed(url=BASE + path)


@_forgery
def signed_with_the_fragment(post: Post, chance: random.Random) -> Post:
    return post.signed(url=f"{BASE}{post.path}#rc=2")


@_forgery
def with_a_query(post: Post, chance: random.Random) -> Post:
    query = chance.choice(["a=b", "bodySHA256=" + "0" * 64, "From=%2B14155550100", "?"])
    return replace(post.signed(url=f"{BASE}{post.path}?{query}"), query=query)


@_forgery
def fields_in_the_query(post: Post, chance: random.Random) -> Post:
    return replace(post, query=urlencode(post.fields), raw=b"")


# The fields


@_forgery
def one_value_changed(post: Post, chance: random.Random) -> Post:
    return replace(post, fields=post.fields | {_any_read(post, chance): number(chance)})


@_forgery
def one_sign_changed(post: Post, chance: random.Random) -> Post:
    name = _any_read(post, chance)
    value = post.fields[name]
    at = chance.randrange(2, len(value))
    sign_ = chance.choice([sign_ for sign_ in string.digits if sign_ != value[at]])
    return replace(post, fields=post.fields | {name: value[:at] + sign_ + value[at + 1 :]})


@_forgery
def a_field_added(post: Post, chance: random.Random) -> Post:
    return replace(post, fields=post.fields | {f"Extra{chance.randrange(9)}": "x"})


@_forgery
def a_field_left_out(post: Post, chance: random.Random) -> Post:
    return replace(post, fields=_without(post.fields, _any_read(post, chance)))


@_forgery
def a_field_renamed(post: Post, chance: random.Random) -> Post:
    name = _any_read(post, chance)
    other = chance.choice([name.lower(), name.upper(), name + "s", f"{name}[]", f" {name}"])
    return replace(post, fields=_without(post.fields, name) | {other: post.fields[name]})


@_forgery
def two_values_swapped(post: Post, chance: random.Random) -> Post:
    one, two = _any_read(post, chance), chance.choice(_unread(post))
    swapped = {one: post.fields[two], two: post.fields[one]}
    return replace(post, fields=post.fields | swapped)


@_forgery
def another_account(post: Post, chance: random.Random) -> Post:
    """Really signed: our token is not what makes an account ours."""
    return replace(post, fields=post.fields | {post.required[0]: sid("AC", chance)}).signed()


@_forgery
def a_required_field_missing(post: Post, chance: random.Random) -> Post:
    """Really signed, and of no use."""
    return replace(post, fields=_without(post.fields, chance.choice(post.required))).signed()


@_forgery
def a_field_repeated(post: Post, chance: random.Random) -> Post:
    """With the genuine value first or last, under the genuine signature."""
    name = _any_read(post, chance)
    pairs = list(post.fields.items())
    again = (name, chance.choice([post.fields[name], number(chance)]))
    pairs = chance.choice([[*pairs, again], [again, *pairs]])
    return replace(post, raw=urlencode(pairs).encode())


@_forgery
def a_name_that_no_field_has(post: Post, chance: random.Random) -> Post:
    name = chance.choice(["1a", "", "_a", "a b", "a.b", "a[0]", "é", "a" * 65, "\x00", "-"])
    return replace(post, fields=post.fields | {name: "x"}).signed()


@_forgery
def a_malformed_value(post: Post, chance: random.Random) -> Post:
    """Really signed, yet Twilio would never say it."""
    name = _any_read(post, chance, strictly=True)
    value = post.fields[name]
    at = chance.randrange(len(value) + 1)
    return replace(
        post, fields=post.fields | {name: value[:at] + chance.choice(_ODD) + value[at:]}
    ).signed()


@_forgery
def a_value_of_another_length(post: Post, chance: random.Random) -> Post:
    name = _any_read(post, chance, strictly=True)
    value = chance.choice([post.fields[name] + "0" * 16, post.fields[name][:2], ""])
    return replace(post, fields=post.fields | {name: value}).signed()


@_forgery
def a_sid_of_something_else(post: Post, chance: random.Random) -> Post:
    name = next(name for name in post.required[::-1] if name.endswith("Sid"))
    return replace(post, fields=post.fields | {name: sid("ZZ", chance)}).signed()


@_forgery
def bytes_moved_to_the_next_field(post: Post, chance: random.Random) -> Post:
    """The signed string stays whole, and so its signature; a field that is read changes."""
    left, right = _neighbours(post, chance)
    return _cut(post, left, right, chance.randrange(len(post.fields[left])))


@_forgery
def two_fields_merged(post: Post, chance: random.Random) -> Post:
    left, right = _neighbours(post, chance)
    merged = post.fields[left] + right + post.fields[right]
    return replace(post, fields=_without(post.fields, left, right) | {left: merged})


@_forgery
def bytes_moved_from_the_field_before(post: Post, chance: random.Random) -> Post:
    """A name that was part of a value: what follows it would be read."""
    left, right = _neighbours(post, chance)
    whole = post.fields[left] + right + post.fields[right]
    at = chance.randrange(len(post.fields[left]))
    end = chance.randrange(at + 1, len(whole) + 1)
    fields = _without(post.fields, left, right)
    return replace(post, fields=fields | {left: whole[:at], whole[at:end]: whole[end:]})


# The body and how it is sent


@_forgery
def another_method(post: Post, chance: random.Random) -> Post:
    return replace(
        post, method=chance.choice(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
    )


@_forgery
def method_overridden(post: Post, chance: random.Random) -> Post:
    forged = replace(post, method=chance.choice(["GET", "PUT"]))
    return forged.with_headers(X_HTTP_Method_Override="POST")


@_forgery
def json_body(post: Post, chance: random.Random) -> Post:
    said = chance.choice(["application/json", FORM])
    return replace(post, raw=json.dumps(post.fields).encode()).with_headers(Content_Type=said)


@_forgery
def multipart_body(post: Post, chance: random.Random) -> Post:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in post.fields.items()
    ]
    body = ("".join(parts) + "--x--\r\n").encode()
    return replace(post, raw=body).with_headers(Content_Type="multipart/form-data; boundary=x")


@_forgery
def another_content_type(post: Post, chance: random.Random) -> Post:
    kinds = ["", "text/plain", f"{FORM}x", "*/*", "text/plain; application/x-www-form-urlencoded"]
    return post.with_headers(Content_Type=chance.choice(kinds))


@_forgery
def unreadable_charset(post: Post, chance: random.Random) -> Post:
    kind = chance.choice([f"{FORM}; charset=undefined", f"{FORM}; charset*=bogus''x", "x;" * 500])
    return one_value_changed(post, chance).with_headers(Content_Type=kind)


@_forgery
def no_length(post: Post, chance: random.Random) -> Post:
    return replace(post, chunked=True)


@_forgery
def too_long_a_body(post: Post, chance: random.Random) -> Post:
    more = {"Extra": "x" * (64 * 1024 + chance.randrange(9))}
    return replace(post, fields=post.fields | more).signed()


@_forgery
def too_many_fields(post: Post, chance: random.Random) -> Post:
    more = {f"Extra{index}": "" for index in range(200)}
    return replace(post, fields=post.fields | more).signed()


@_forgery
def empty_body(post: Post, chance: random.Random) -> Post:
    return replace(post, raw=b"", fields={}).with_signature(chance.choice([post.signature]))


@_forgery
def nonsense(post: Post, chance: random.Random) -> Post:
    return replace(post, raw=chance.randbytes(chance.randrange(1, 400)))


@_forgery
def bytes_that_are_no_text(post: Post, chance: random.Random) -> Post:
    odd = chance.choice([b"&a=%FF", b"&a=%C0%AF", b"&a=%ED%A0%80", b"&a=\xc3\xa9", b"&%00=%00"])
    return replace(post, raw=post.body + odd)


@_forgery
def empty_pairs(post: Post, chance: random.Random) -> Post:
    """Reads as what Twilio signed for whoever is lenient."""
    return replace(post, raw=chance.choice([post.body + b"&", b"&" + post.body, post.body + b"&a"]))


@_forgery
def other_separators(post: Post, chance: random.Random) -> Post:
    return replace(post, raw=post.body.replace(b"&", chance.choice([b";", b"&amp;", b"\n"])))


@_forgery
def encoded_twice(post: Post, chance: random.Random) -> Post:
    return replace(post, raw=quote(post.body, safe="=&").encode())


@_forgery
def plus_for_space(post: Post, chance: random.Random) -> Post:
    """A number's plus sent as it is reads as a space."""
    fields = post.fields | {post.required[1]: "+" + post.fields[post.required[1]].lstrip("+")}
    pairs = [f"{name}={quote_plus(value, safe='+')}" for name, value in fields.items()]
    return replace(post, raw="&".join(pairs).encode())


@_forgery
def byte_order_mark(post: Post, chance: random.Random) -> Post:
    return replace(post, raw=chance.choice([b"\xef\xbb\xbf", b"%EF%BB%BF", b"\x00"]) + post.body)


@_forgery
def another_encoding(post: Post, chance: random.Random) -> Post:
    encoding = chance.choice(["utf-16", "utf-7", "cp500"])
    return replace(post, raw=post.body.decode().encode(encoding) + b"\x00")


@_forgery
def cut_off(post: Post, chance: random.Random) -> Post:
    return replace(post, raw=post.body[: chance.randrange(1, len(post.body) - 1)])


@_forgery
def with_somebodys_cookies(post: Post, chance: random.Random) -> Post:
    """Reading them would cost a statement."""
    cookies = f"sessionid={chance.getrandbits(160):032x}; csrftoken=\xe9; messages=x"
    return one_value_changed(post, chance).with_headers(Cookie=cookies)


@_forgery
def odd_headers(post: Post, chance: random.Random) -> Post:
    odd = {"X-Request-ID": "\xe9" * 9, "User-Agent": "\xff", "X-Forwarded-For": "::, not one"}
    return replace(one_value_changed(post, chance), headers=post.headers | odd)


def _any_read(post: Post, chance: random.Random, *, strictly: bool = False) -> str:
    # A sender may be anything: a short code, a name.
    names = [name for name in post.required if not (strictly and name == "From")]
    return chance.choice(names)


def _unread(post: Post) -> list[str]:
    return [name for name in post.fields if name not in post.required]


def _without(fields: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in names}


def _neighbours(post: Post, chance: random.Random) -> tuple[str, str]:
    """Two fields next to each other in the signed string, the first of which is read."""
    names = sorted(post.fields)
    read = [name for name in names[:-1] if name in post.required]
    left = chance.choice(read)
    return left, names[names.index(left) + 1]


def _cut(post: Post, left: str, right: str, at: int) -> Post:
    whole = post.fields[left] + right + post.fields[right]
    fields = _without(post.fields, left, right)
    # What is cut off begins the next name, so that the string stays the same.
    end = len(post.fields[left]) + len(right)
    return replace(post, fields=fields | {left: whole[:at], whole[at:end]: whole[end:]})


def of_every_class(n: int, chance: random.Random) -> Iterable[tuple[str, Post]]:
    """*n* forgeries, the classes in turn."""
    names = list(CLASSES)
    for index in range(n):
        name = names[index % len(names)]
        yield name, CLASSES[name](genuine(chance), chance)
