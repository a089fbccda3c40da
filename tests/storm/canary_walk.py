"""One person's way through the whole product, in steps that can each be tried again."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from listings.models import Listing
from proxying import missed_texts, remembered, tasks
from proxying.models import BuyerAlias, MissedText, PoolNumber, ReservedNumber, Seller, SellerText
from tests.listings.factories import CategoryFactory, upload
from tests.storm.canary_scanner import Canary
from tests.storm.canary_stage import AREA, House

CHIEF: Final = "chief"
_CODE: Final = re.compile(r"\b[0-9]{6}\b")


class NotDone(Exception):
    """A step did not do what it is for."""


@dataclass
class Person:
    """A seller with a buyer: their browsers, and all of theirs that nobody may read."""

    nth: int
    house: House
    owners: dict[Canary, str] = field(default_factory=dict)
    texts_sid: str = ""
    last_answer: str = ""

    def __post_init__(self) -> None:
        self.name = f"vera{self.nth}"
        self.email = f"{self.name}@example.com"
        self.phone, self.next_phone, self.buyer, self.stranger = (
            f"+1{AREA}{self.nth:02}{at}{secrets.randbelow(10)}" for at in "1357"
        )
        self.password = f"quince {secrets.token_hex(8)}"
        self.text, self.reply = (f"medlar {secrets.token_hex(6)}" for _ in range(2))
        self.browser = Client(raise_request_exception=False)
        self.staff = Client(raise_request_exception=False)
        self.keep("seller's number", self.phone)
        self.keep("seller's number", self.next_phone)
        self.keep("buyer's number", self.buyer)
        self.keep("buyer's number", self.stranger)
        self.keep("password", self.password)
        self.keep("text", self.text)
        self.keep("text", self.reply)
        for number in (self.phone, self.next_phone, self.buyer, self.stranger):
            self.house.twilio.ask("POST", "/phones", {"number": number, "name": "x"})

    def keep(self, kind: str, value: str, owner: str = "") -> None:
        """It is this person's own, unless another's."""
        if value and (canary := Canary(kind, value)) not in self.owners:
            self.owners[canary] = owner or self.name

    @property
    def canaries(self) -> list[Canary]:
        return list(self.owners)

    @property
    def seller(self) -> Seller:
        return Seller.objects.get(user__email=self.email)

    @property
    def number(self) -> str:
        number = self.seller.reserved_number
        if number is None or not number.is_active or not number.proxy_identifier:
            raise NotDone("no number")
        return number.proxy_identifier

    def get(self, path: str, **more: Any) -> Any:
        return self._seen(self.browser.get(path, **more), "GET", path, self.name)

    def post(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> Any:
        return self._seen(self.browser.post(path, fields or {}, **more), "POST", path, self.name)

    def staff_post(self, path: str, fields: dict[str, Any]) -> Any:
        return self._seen(self.staff.post(path, fields), "POST", path, CHIEF)

    def staff_get(self, path: str) -> Any:
        return self._seen(self.staff.get(path), "GET", path, CHIEF)

    def _seen(self, answer: Any, method: str, path: str, reader: str) -> Any:
        note(self.house, answer, f"{method} {path}", reader)
        self.last_answer = f"{method} {path} {answer.status_code}"
        for browser, owner in ((self.browser, self.name), (self.staff, CHIEF)):
            if cookie := browser.cookies.get("sessionid"):
                self.keep("session key", cookie.value, owner)
        return answer

    def code(self, phone: str) -> str:
        """The newest that came to *phone*."""
        texts = self.house.twilio.ask("GET", f"/phones/{phone}")["messages"]
        for text in texts:
            if found := _CODE.search(text["body"]):
                self.keep("code", found[0])
                return found[0]
        raise NotDone("no code came")


def note(house: House, answer: Any, place: str, reader: str) -> None:
    """A page or an API's answer, its headers apart."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    house.sinks.note("API" if " /api/" in place else "page", place, body, reader)
    lines = [f"{name}: {value}" for name, value in answer.headers.items()]
    lines += [f"Set-Cookie: {cookie.OutputString()}" for cookie in answer.cookies.values()]
    house.sinks.note("header", place, "\n".join(lines).encode("utf-8", "replace"), reader)


def sign_up(one: Person) -> None:
    one.get("/accounts/signup/")
    one.post("/accounts/signup/", {"email": one.email, "password1": one.password})
    EmailAddress.objects.filter(email=one.email).update(verified=True)
    one.post("/accounts/logout/")
    one.post("/accounts/login/", {"login": one.email, "password": "not it"})
    log_in(one)


def log_in(one: Person) -> None:
    one.post("/accounts/login/", {"login": one.email, "password": one.password})
    if "_auth_user_id" not in one.browser.session:
        raise NotDone("nobody is logged in")


def tell_phone(one: Person) -> None:
    typed = f"({AREA[:3]}) {one.phone[5:8]}-{one.phone[8:]}"
    one.post("/seller/phone/", {"display_name": one.name, "phone_number": "12"})
    one.post("/seller/phone/", {"display_name": one.name, "phone_number": typed})
    if one.seller.phone_number is None:
        raise NotDone("no phone told")


def prove(one: Person) -> None:
    if not one.seller.phone_verified_at:
        one.post("/seller/phone/code/", {"code": "000000"})
        one.post("/seller/phone/code/resend/")
        one.post("/seller/phone/code/", {"code": one.code(one.phone)})
    if not one.seller.phone_verified_at:
        raise NotDone("not proved")


def reserve(one: Person) -> None:
    _work(one)
    one.get("/seller/number/")
    assert one.number


def publish(one: Person) -> None:
    typed = {
        "title": f"Oak table {one.nth}", "description": "Seats six.", "price": "240",
        "category": CategoryFactory().pk, "condition": "good", "place": "San Rafael",
        "publish": "1", "photos": [upload(name=f"{one.phone}.jpg")],
    }  # fmt: skip
    one.post("/sell/", typed)
    listing = Listing.objects.filter(seller=one.seller).first()
    if listing is None:
        raise NotDone("nothing published")
    one.get(f"/my/listings/{listing.reference}/edit/")
    one.get(f"/listings/{listing.reference}/", follow=True)


def strangers(one: Person) -> None:
    texted = {"from": one.buyer, "to": one.number, "body": one.text}
    one.texts_sid = one.house.twilio.ask("POST", "/messages", texted)["sid"]
    called = one.house.twilio.ask("POST", "/calls", {"from": one.stranger, "to": one.number})
    _pick_up(one)
    one.house.twilio.ask("POST", f"/calls/{called['sid']}/hangup", {})
    one.house.twilio.ask("POST", "/messages", {"from": one.phone, "to": one.number, "body": "Me"})


def _who_texted(one: Person) -> str | None:
    heard = one.house.twilio.ask("GET", f"/phones/{one.phone}")["messages"]
    return next((text["from"] for text in heard if one.text in text["body"]), None)


def answer(one: Person) -> None:
    partner = _who_texted(one)
    if partner is None:
        # Where a callback broke, the next text is stopped until it is known whose Session it is.
        tasks.pass_on_missed_texts()
        partner = _who_texted(one)
    if partner is None:
        strangers(one)
        raise NotDone("the text did not come")
    one.house.twilio.ask("POST", "/messages", {"from": one.phone, "to": partner, "body": one.reply})
    one.house.twilio.ask("POST", "/calls", {"from": one.buyer, "to": one.number})
    _pick_up(one)
    _work(one)


def desk(one: Person) -> None:
    for path in ("/desk/", "/desk/items/", "/desk/hours/"):
        one.get(path)
    alias = BuyerAlias.objects.filter(seller=one.seller).first()
    if alias is None:
        raise NotDone("no buyer on the desk")
    one.post(f"/desk/buyers/{alias.pk}/block/")
    one.house.twilio.ask(
        "POST", "/messages", {"from": one.buyer, "to": one.number, "body": one.text}
    )
    one.post(f"/desk/buyers/{alias.pk}/unblock/")
    one.post("/desk/away/", {"days": "1"})
    one.post("/desk/back/")


def change_phone(one: Person) -> None:
    one.post("/accounts/reauthenticate/", {"password": one.password})
    one.get("/seller/phone/change/")
    one.post("/seller/phone/change/", {"phone_number": one.next_phone})
    one.post("/seller/phone/change/code/", {"code": "000000"})
    one.post("/seller/phone/change/code/", {"code": one.code(one.next_phone)})
    number = one.seller.phone_number
    if number is None or number.reveal() != one.next_phone:
        raise NotDone("the phone is the old one")
    _work(one)


def move(one: Person) -> None:
    one.post("/accounts/reauthenticate/", {"password": one.password})
    one.get("/seller/number/move/")
    one.post("/seller/number/move/")
    _work(one)
    one.get("/seller/number/")
    one.house.twilio.ask(
        "POST", "/messages", {"from": one.buyer, "to": one.number, "body": one.text}
    )


def program(one: Person) -> None:
    one.post("/accounts/reauthenticate/", {"password": one.password})
    made = one.post("/account/tokens/")
    found = re.search(r'class="new-token">([0-9a-f]+)<', made.text)
    token = found[1] if found else ""
    one.keep("API token", token)
    asking = {"Authorization": f"Token {token}"}
    for path in ("/api/v1/my/listings/", "/api/v1/purchases/", "/api/v1/favourites/"):
        one.get(path, headers=asking)
    one.get("/api/v1/purchases/", headers={"Authorization": f"Token {token[:-1]}"})
    if not token:
        raise NotDone("no token")


def second_factor(one: Person) -> None:
    one.post("/accounts/reauthenticate/", {"password": one.password})
    page = one.get("/accounts/2fa/totp/activate/")
    found = re.search(r"\b[A-Z2-7]{32}\b", page.text)
    if found is None:
        raise NotDone("no secret shown")
    one.keep("TOTP secret", found[0])
    now = next(iter(yield_hotp_counters_from_time()))
    one.post("/accounts/2fa/totp/activate/", {"code": f"{hotp_value(found[0], now):06}"})
    one.get("/accounts/2fa/recovery-codes/")
    one.post("/accounts/2fa/totp/deactivate/")


def staff(one: Person) -> None:
    one.staff.force_login(User.objects.get(username=CHIEF))
    rows, pk = "/admin/proxying/seller/", one.seller.pk
    one.staff_get(rows)
    one.staff_post(f"{rows}by-phone/", {"phone_number": one.next_phone})
    asked = one.staff_get(f"{rows}{pk}/reveal/")
    reason = {"reason": "The police asked, case 17", "ticket": _field(asked, "ticket")}
    one.staff_post(f"{rows}{pk}/reveal/", reason)
    one.staff_post(f"{rows}{pk}/reveal/", {"reason": f"Called from {one.next_phone}"})
    chosen = {"_selected_action": str(pk), "confirmed": "1", "reason": "Spam", "index": "0"}
    for action in ("suspend", "reinstate"):
        one.staff_post(rows, {**chosen, "action": action})
        if bool(one.seller.suspended_at) != (action == "suspend"):
            raise NotDone(action)
        if action == "suspend":
            one.house.twilio.ask(
                "POST", "/messages", {"from": one.buyer, "to": one.number, "body": one.text}
            )
    one.staff_get(f"{rows}{pk}/change/")
    one.staff_get(f"{rows}{pk}/history/")
    one.staff_get("/admin/")


def upkeep(one: Person) -> None:
    missed_texts.promise(one.texts_sid)
    one.house.tick()
    _work(one)
    remembered.keep_all()
    call_command("reconcile_numbers", "--dry-run", stdout=one.house.sinks.log)
    call_command("rotate_phone_number_keys", stdout=one.house.sinks.log)
    call_command("number_plan", stdout=one.house.sinks.log, sellers=10, simultaneous=2)


def take_data(one: Person) -> None:
    one.post("/accounts/reauthenticate/", {"password": one.password})
    one.get("/account/data/")
    told = one.post("/account/data/")
    if one.next_phone.encode() not in told.content:
        raise NotDone("the own number is not in the own data")


def leave(one: Person) -> None:
    if not User.objects.filter(email=one.email).exists():
        return
    if "_auth_user_id" not in one.browser.session:
        log_in(one)
    one.post("/accounts/reauthenticate/", {"password": one.password})
    one.post("/account/delete/", {"email": one.email})
    if Seller.objects.filter(user__email=one.email).filter(phone_number__isnull=False).exists():
        raise NotDone("still here")
    _work(one)


type Step = Callable[[Person], None]

STEPS: Final[tuple[Step, ...]] = (
    sign_up, tell_phone, prove, reserve, publish, strangers, answer, desk, change_phone, move,
    program, second_factor, staff, upkeep, take_data, leave,
)  # fmt: skip


def look_everywhere(house: House, browser: Client, reader: str, most: int) -> int:
    """Every page that is led to; how many. With *most* of them some may not have been seen."""
    waiting = ["/", "/my/listings/", "/seller/number/", "/desk/", "/admin/", "/account/tokens/",
               "/account/data/", "/api/v1/schema/", "/api/v1/listings/", "/readyz"]  # fmt: skip
    seen: set[str] = set()
    while waiting and len(seen) < most:
        path = waiting.pop(0)
        if path in seen or path.startswith(("/static/", "/media/", "/accounts/logout")):
            continue
        seen.add(path)
        page = browser.get(path, follow=True)
        note(house, page, f"GET {path}", reader)
        if "text/html" in page["Content-Type"]:
            waiting += re.findall(r'href="(/[^"#?]*)', page.text)
    return len(seen)


def _field(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    if found is None:
        raise NotDone(f"no field {name}")
    return found[1]


def _pick_up(one: Person) -> None:
    calls = one.house.twilio.ask("GET", f"/phones/{one.phone}")["calls"]
    if calls:
        one.house.twilio.ask("POST", f"/calls/{calls[0]['sid']}/answer", {})
        one.house.twilio.ask("POST", f"/calls/{calls[0]['sid']}/hangup", {})


def _work(one: Person) -> None:
    """All that is due or will be: nobody waits here until a lease is over."""
    one.house.work()
    later = timezone.now()
    for rows in (ReservedNumber, PoolNumber, SellerText, MissedText):
        rows._base_manager.filter(next_attempt_at__gt=later).update(next_attempt_at=later)
    one.house.tick()
