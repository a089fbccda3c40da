"""Who may do what at each address: one row for each, by its route.

A route without a row, and a row without a route, fail tests/project/test_access_matrix.py.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Answer(Enum):
    """What somebody gets. ``IN`` is whatever the page has to say, also that a form is wrong."""

    IN = "in"
    LOG_IN = "led to the log-in"
    UNKNOWN = "401"
    FORBIDDEN = "403"
    ABSENT = "404"


IN, LOG_IN, UNKNOWN, FORBIDDEN, ABSENT = Answer

GET: Final = ("GET", "HEAD")
POST: Final = ("POST",)
PAGE: Final = (*GET, *POST)
# allauth's pages are Django's FormViews, which take a PUT for a POST.
FORM: Final = (*PAGE, "PUT")


@dataclass(frozen=True)
class Row:
    """*anybody* is who is not logged in, *others* who is and is neither *insiders* nor staff.

    *insiders* are parts of an owner: ``seller``, ``buyer``; or roles. *draft* is what others
    get when the listing is a draft. *exempt* pages take posts without a CSRF token.
    """

    methods: tuple[str, ...] = GET
    anybody: Answer = IN
    others: Answer = IN
    insiders: tuple[str, ...] = ()
    draft: Answer | None = None
    draft_insiders: tuple[str, ...] = ("seller",)
    exempt: bool = False
    by_program: bool = False
    # Where no example can be made from the parameters.
    example: str = ""
    # Who is known here and may not do this: parts or roles, answered 403.
    forbidden: tuple[str, ...] = ()
    # The same for changes alone.
    changes_forbidden: tuple[str, ...] = ()
    # What is sent, where an empty post would be for nothing.
    body: str = ""
    # Writes though it is only asked to show: said why beside the row.
    writes_on_get: bool = False


def _open(*methods: str, **more: object) -> Row:
    return Row(methods or GET, **more)  # type: ignore[arg-type]


def _person(*methods: str, **more: object) -> Row:
    return Row(methods or GET, anybody=LOG_IN, **more)  # type: ignore[arg-type]


def _own(*insiders: str, methods: tuple[str, ...] = GET, **more: object) -> Row:
    return Row(methods, anybody=LOG_IN, others=ABSENT, insiders=insiders, **more)  # type: ignore[arg-type]


def _api(methods: tuple[str, ...], **more: object) -> Row:
    return Row(methods, **{"anybody": UNKNOWN, "by_program": True, **more})  # type: ignore[arg-type]


def _staff(*methods: str, **more: object) -> Row:
    """Staff without the right to it get 403; whoever is not staff is led to the log-in."""
    rights = {"anybody": LOG_IN, "others": LOG_IN, "insiders": ("chief",), "forbidden": ("clerk",)}
    return Row(methods, **rights | more)  # type: ignore[arg-type]


def _any_staff(*methods: str, **more: object) -> Row:
    return _staff(*methods, insiders=("chief", "clerk"), forbidden=(), **more)


_SIGNED: Final = Row((), FORBIDDEN, FORBIDDEN, exempt=True)
_ACCOUNT: Final = Row((), UNKNOWN, UNKNOWN, exempt=True)
_NOWHERE: Final = Row((), ABSENT, ABSENT, exempt=True)

# The phones stand where they are on a developer's machine and nowhere else: open to programs.
_PHONES_FORM: Final = Row(
    POST, ABSENT, ABSENT, example=f"switchboard/phones/call/CA{0:032x}/answer/"
)


def _phones_api(path: str, *methods: str, answer: Answer = IN) -> Row:
    return Row(methods, answer, answer, exempt=True, example=f"switchboard/phones/api/{path}")


def _faults_api(path: str, *methods: str, answer: Answer = IN) -> Row:
    return Row(methods, answer, answer, exempt=True, example=f"switchboard/faults/{path}")


_SERVICE: Final = "proxy/v1/Services/<str:service_sid>"
_SESSION: Final = f"{_SERVICE}/Sessions/<str:session_sid>"
_PARTICIPANT: Final = f"{_SESSION}/Participants/<str:participant_sid>"
_REST: Final = "api/2010-04-01/Accounts/<str:account_sid>"
_VERIFY: Final = "verify/v2/Services"
_OF_THE_ACCOUNT: Final = (
    "proxy/v1/Services",
    _SERVICE,
    f"{_SERVICE}/PhoneNumbers",
    f"{_SERVICE}/PhoneNumbers/<str:number_sid>",
    f"{_SERVICE}/Sessions",
    _SESSION,
    f"{_SESSION}/Participants",
    _PARTICIPANT,
    f"{_PARTICIPANT}/MessageInteractions",
    f"{_PARTICIPANT}/MessageInteractions/<str:interaction_sid>",
    f"{_SESSION}/Interactions",
    f"{_SESSION}/Interactions/<str:interaction_sid>",
    f"{_REST}/AvailablePhoneNumbers/<str:country>/Local.json",
    f"{_REST}/IncomingPhoneNumbers.json",
    f"{_REST}/IncomingPhoneNumbers/<str:sid>.json",
    f"{_REST}/Messages.json",
    f"{_REST}/Calls.json",
    f"{_REST}/Calls/<str:sid>.json",
    f"{_REST}/Messages/<str:sid>.json",
    _VERIFY,
    f"{_VERIFY}/<str:service_sid>",
    f"{_VERIFY}/<str:service_sid>/Verifications",
    f"{_VERIFY}/<str:service_sid>/Verifications/<str:sid>",
    f"{_VERIFY}/<str:service_sid>/VerificationCheck",
    "lookups/v2/PhoneNumbers/<str:number>",
)
_OF_NOBODY: Final = (
    "proxy/",
    "api/<path:anything>",
    "verify/<path:anything>",
    "lookups/<path:anything>",
)

_OWN_LISTING: Final = "my/listings/<str:reference>/"
_API_LISTING: Final = "api/v1/my/listings/<reference:reference>/"
_API_PURCHASE: Final = "api/v1/purchases/<uuid:pk>/"
_KEY: Final = "accounts/2fa/webauthn/keys/<int:pk>/"

ROWS: Final[dict[str, Row]] = {
    # The site
    "livez": _open(*GET),
    "readyz": _open(*GET),
    r"^media/(?P<path>.*)$": Row(GET, ABSENT, ABSENT, example="media/none.jpg", exempt=False),
    # Accounts
    "accounts/login/": _open(*FORM),
    "accounts/logout/": _open(*PAGE),
    "accounts/inactive/": _open(*GET),
    "accounts/signup/": _open(*FORM),
    "accounts/reauthenticate/": _person(*FORM),
    "accounts/email/": _person(*FORM),
    "accounts/confirm-email/": _open(*GET),
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": _open(
        *GET, example="accounts/confirm-email/none/"
    ),
    "accounts/password/change/": _person(*FORM),
    "accounts/password/set/": _person(*FORM),
    "accounts/password/reset/": _open(*FORM),
    "accounts/password/reset/done/": _open(*GET),
    "accounts/password/reset/key/done/": _open(*GET),
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": _open(
        *FORM, example="accounts/password/reset/key/1-none/"
    ),
    "accounts/login/code/confirm/": _open(*FORM),
    "accounts/2fa/": _person(*GET),
    "accounts/2fa/authenticate/": Row(FORM, LOG_IN, IN),
    # Without a second factor there is nothing to ask for.
    "accounts/2fa/reauthenticate/": _person(*FORM, others=LOG_IN),
    "accounts/2fa/totp/activate/": _person(*FORM),
    "accounts/2fa/totp/deactivate/": _person(*FORM, others=ABSENT),
    "accounts/2fa/recovery-codes/": _person(*GET, others=ABSENT),
    "accounts/2fa/recovery-codes/generate/": _person(*FORM),
    "accounts/2fa/recovery-codes/download/": _person(*GET, others=ABSENT),
    "accounts/2fa/webauthn/": _person(*GET),
    "accounts/2fa/webauthn/add/": _person(*FORM),
    # Without a second factor there is nothing to ask for.
    "accounts/2fa/webauthn/reauthenticate/": _person(*FORM, others=LOG_IN),
    "accounts/2fa/webauthn/login/": _open(*FORM),
    f"{_KEY}remove/": _own(methods=FORM, example="accounts/2fa/webauthn/keys/1/remove/"),
    f"{_KEY}edit/": _own(methods=FORM, example="accounts/2fa/webauthn/keys/1/edit/"),
    "account/data/": _person(*PAGE),
    "account/delete/": _person(*PAGE),
    "account/tokens/": _person(*PAGE),
    "account/tokens/<slug:token_key>/revoke/": _own("buyer", methods=POST),
    # The seller's phone and number
    "seller/phone/": _person(*PAGE),
    "seller/phone/code/": _person(*PAGE),
    "seller/phone/code/resend/": _person(*POST),
    "seller/phone/change/": _person(*PAGE),
    "seller/phone/change/code/": _person(*PAGE),
    "seller/number/": _person(*GET),
    "seller/number/state/": _person(*GET),
    "seller/number/move/": _person(*PAGE),
    # What Twilio calls
    "proxy/callbacks/out-of-session/": _SIGNED,
    "proxy/callbacks/interactions/": _SIGNED,
    "proxy/callbacks/intercept/": _SIGNED,
    "proxy/callbacks/hold/1/": _SIGNED,
    "proxy/callbacks/hold/2/": _SIGNED,
    "proxy/callbacks/hold/3/": _SIGNED,
    # Finding
    "": _open(*GET),
    "places/": _open(*GET),
    "how-it-works/": _open(*GET),
    "sellers/<uuid:pk>/": _open(*GET),
    # A page's view is counted.
    "listings/<reference:reference>/": _open(*GET, draft=ABSENT, writes_on_get=True),
    "listings/<reference:reference>/<slug:slug>/": _open(*GET, draft=ABSENT, writes_on_get=True),
    "listings/<reference:reference>/qr.svg": _open(*GET, draft=ABSENT, draft_insiders=()),
    "listings/<reference:reference>/report/": _open(*PAGE, draft=ABSENT, draft_insiders=()),
    "listings/<reference:reference>/favourite/": _open(*POST, draft=ABSENT, draft_insiders=()),
    "listings/<reference:reference>/buy/": _person(*PAGE, draft=ABSENT, draft_insiders=()),
    "favourites/": _open(*GET),
    "searches/": _person(*GET),
    "searches/save/": _person(*PAGE),
    "searches/<int:pk>/edit/": _own("buyer", methods=PAGE),
    "searches/<int:pk>/delete/": _own("buyer", methods=POST),
    # Whoever has the link from the mail.
    "searches/unsubscribe/<str:token>/": _open(*PAGE, exempt=True),
    "my/listings/renew/<str:token>/": _open(*PAGE),
    # Buying
    "purchases/": _person(*GET),
    "purchases/<uuid:pk>/": _own("seller", "buyer", methods=GET),
    "purchases/<uuid:pk>/<slug:action>/": _own("seller", methods=POST),
    # Selling
    "sell/": _person(*PAGE),
    "my/listings/": _person(*GET),
    f"{_OWN_LISTING}edit/": _own("seller", methods=PAGE),
    f"{_OWN_LISTING}state/": _own("seller", methods=POST, body="state=paused"),
    # For what is sold, which this one is not.
    f"{_OWN_LISTING}sold/": _own(methods=PAGE),
    f"{_OWN_LISTING}copy/": _own("seller", methods=POST),
    f"{_OWN_LISTING}delete/": _own("seller", methods=POST),
    f"{_OWN_LISTING}photos/<int:photo_id>/delete/": _own("seller", methods=POST),
    f"{_OWN_LISTING}photos/<int:photo_id>/move/": _own("seller", methods=POST),
    f"{_OWN_LISTING}photos/<int:photo_id>/turn/": _own("seller", methods=POST),
    "desk/": _person(*GET),
    "desk/buyers/<int:pk>/block/": _own("seller", methods=POST),
    "desk/buyers/<int:pk>/unblock/": _own("seller", methods=POST),
    "desk/items/": _person(*GET),
    "desk/hours/": _person(*PAGE),
    "desk/away/": _person(*POST),
    "desk/back/": _person(*POST),
    # The API
    "api/v1/schema/": _api(GET, anybody=IN),
    "api/v1/listings/": _api(GET, anybody=IN),
    "api/v1/listings/<reference:reference>/": _api(GET, anybody=IN, draft=ABSENT),
    "api/v1/categories/": _api(GET, anybody=IN),
    "api/v1/sellers/<uuid:pk>/": _api(GET, anybody=IN),
    "api/v1/sellers/<uuid:pk>/listings/": _api(GET, anybody=IN),
    "api/v1/favourites/": _api(GET),
    "api/v1/favourites/<reference:reference>/": _api(("PUT", "DELETE")),
    # Whoever has no proved phone does not sell.
    "api/v1/my/listings/": _api(PAGE, changes_forbidden=("buyer", "bob", "clerk", "chief")),
    _API_LISTING: _api((*GET, "PATCH", "DELETE"), others=ABSENT, insiders=("seller",)),
    f"{_API_LISTING}state/": _api(
        POST, others=ABSENT, insiders=("seller",), body='{"state": "paused"}'
    ),
    f"{_API_LISTING}renew/": _api(POST, others=ABSENT, insiders=("seller",)),
    f"{_API_LISTING}photos/": _api(POST, others=ABSENT, insiders=("seller",)),
    f"{_API_LISTING}photos/<int:photo_id>/": _api(
        ("PATCH", "DELETE"), others=ABSENT, insiders=("seller",)
    ),
    "api/v1/purchases/": _api(PAGE),
    _API_PURCHASE: _api(GET, others=ABSENT, insiders=("seller", "buyer")),
    f"{_API_PURCHASE}accept/": _api(
        POST, others=ABSENT, insiders=("seller",), forbidden=("buyer",)
    ),
    f"{_API_PURCHASE}decline/": _api(
        POST, others=ABSENT, insiders=("seller",), forbidden=("buyer",)
    ),
    f"{_API_PURCHASE}cancel/": _api(POST, others=ABSENT, insiders=("seller", "buyer")),
    f"{_API_PURCHASE}confirm/": _api(POST, others=ABSENT, insiders=("seller", "buyer")),
    f"{_API_PURCHASE}rate/": _api(POST, others=ABSENT, insiders=("seller", "buyer")),
    # The staff's own pages
    "admin/": _any_staff(*GET),
    "admin/capacity/": _any_staff(*PAGE, changes_forbidden=("clerk",)),
    "admin/setup/": _any_staff(*GET),
    "admin/login/": _open(*PAGE),
    "admin/logout/": _any_staff(*POST),
    "admin/password_change/": _any_staff(*PAGE),
    "admin/password_change/done/": _any_staff(*GET),
    "admin/autocomplete/": _staff(*GET),
    "admin/jsi18n/": _any_staff(*GET),
    "admin/r/<path:content_type_id>/<path:object_id>/": _staff(*GET, example="admin/r/1/1/"),
    "admin/auth/user/<id>/password/": _staff(*PAGE, example="admin/auth/user/1/password/"),
    "admin/listings/listing/duplicates/": _staff(*GET),
    "admin/listings/reportedlisting/<int:pk>/<str:name>/decide/": _staff(
        *POST, example="admin/listings/reportedlisting/1/none/decide/"
    ),
    "admin/proxying/seller/by-phone/": _staff(*PAGE),
    "admin/proxying/seller/<uuid:pk>/reveal/": _staff(*PAGE),
    "admin/(?P<url>.*)$": _staff(*GET, example="admin/none"),
    # The switchboard: Twilio's API asks for the account and its token.
    "switchboard/alerts/": _open(*GET),
    "switchboard/phones/": _open(*GET),
    "switchboard/phones/add/": _open(*POST),
    "switchboard/phones/text/": _open(*POST),
    "switchboard/phones/call/": _open(*POST),
    "switchboard/phones/faults/": _open(*GET),
    "switchboard/phones/faults/add/": _open(*POST),
    "switchboard/phones/faults/vanish/": _open(*POST),
    "switchboard/phones/faults/deliver/": _open(*POST),
    "switchboard/phones/faults/<int:pk>/remove/": _open(
        *POST, example="switchboard/phones/faults/1/remove/"
    ),
    "switchboard/phones/call/<str:sid>/answer/": _PHONES_FORM,
    "switchboard/phones/call/<str:sid>/hangup/": _PHONES_FORM,
    r"switchboard/phones/^api/messages/?$": _phones_api("messages", *POST),
    r"switchboard/phones/^api/calls/?$": _phones_api("calls", *POST),
    r"switchboard/phones/^api/calls/(?P<sid>CA[0-9a-f]{32})/answer/?$": _phones_api(
        f"calls/CA{0:032x}/answer", *POST, answer=ABSENT
    ),
    r"switchboard/phones/^api/calls/(?P<sid>CA[0-9a-f]{32})/hangup/?$": _phones_api(
        f"calls/CA{0:032x}/hangup", *POST, answer=ABSENT
    ),
    r"switchboard/phones/^api/phones/?$": _phones_api("phones", *PAGE),
    r"switchboard/phones/^api/phones/(?P<number>[^/]+?)/?$": _phones_api(
        "phones/+14155550100", *GET, answer=ABSENT
    ),
    r"switchboard/faults/^$": _faults_api("", *PAGE, "DELETE"),
    r"switchboard/faults/^deliver/?$": _faults_api("deliver", *POST),
    r"switchboard/faults/^(?P<pk>[0-9]{1,18})/?$": _faults_api("1", "DELETE", answer=ABSENT),
    **{f"switchboard/{route}": _ACCOUNT for route in _OF_THE_ACCOUNT},
    **{f"switchboard/{route}": _NOWHERE for route in _OF_NOBODY},
}

# The admin's pages of each model: five addresses and one that leads on.
ADMIN_MODELS: Final = frozenset(
    {
        "auth/group", "auth/user", "account/emailaddress",
        "listings/category", "listings/listing", "listings/sellerhistory",
        "listings/reportedlisting", "listings/purchase", "listings/rating",
        "listings/savedsearch", "listings/notice",
        "proxying/reservednumber", "proxying/poolnumber", "proxying/proxyservice",
        "proxying/proxysession", "proxying/interaction", "proxying/block",
        "proxying/phonenumberreveal", "proxying/seller", "proxying/straynumber",
        "proxying/stocknumber", "proxying/missedtext", "proxying/outage",
        "switchboard/alert", "switchboard/purchase", "switchboard/incomingphonenumber",
        "switchboard/service", "switchboard/session", "switchboard/message",
        "switchboard/call", "switchboard/verification", "switchboard/phone",
    }
)  # fmt: skip

_ADMIN_PAGES: Final = {
    "": GET,
    "add/": PAGE,
    "<path:object_id>/history/": GET,
    "<path:object_id>/delete/": PAGE,
    "<path:object_id>/change/": PAGE,
    "<path:object_id>/": GET,
}


def row_of(route: str) -> Row | None:
    """None: nobody has said who may."""
    if route in ROWS:
        return ROWS[route]
    app, _, rest = route.removeprefix("admin/").partition("/")
    model, _, page = rest.partition("/")
    if route.startswith("admin/^(?P<app_label>"):
        return _staff(*GET, example="admin/listings/")
    if route.startswith("admin/") and f"{app}/{model}" in ADMIN_MODELS and page in _ADMIN_PAGES:
        leads_on = page == "<path:object_id>/"
        return (_any_staff if leads_on else _staff)(*_ADMIN_PAGES[page])
    return None
