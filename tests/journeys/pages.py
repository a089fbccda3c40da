"""Every page that a person can open, by the name of its URL: who opens it, and what is on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from knox.models import AuthToken
from playwright.sync_api import Page

from listings.models import Listing, Photo, Purchase, SavedSearch
from listings.selling import expiry
from listings.watching.unsubscribing import unsubscribe_url
from proxying.models import (
    Block,
    MissedText,
    Outage,
    PhoneNumberReveal,
    ProxySession,
    Seller,
    StockNumber,
    StrayNumber,
)
from shoppingplace.demo import data
from tests.journeys.conftest import PASSWORD
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import PoolNumberFactory, ReservedNumberFactory, SellerFactory

STRANGER: Final = ""
TOM: Final = "tom@example.com"
BOB: Final = "bob@example.com"
STAFF: Final = data.STAFF_EMAIL
NED: Final = "ned@example.com"  # has just signed up, and waits for the code
NINA: Final = "nina@example.com"  # waits for her number, and has nothing yet
MIA: Final = "mia@example.com"  # logs in with a second factor
ZOE: Final = "zoe@example.com"  # has an account and nothing else
NEW_PEOPLE: Final = (NED, NINA, MIA, ZOE)
SHOWN: Final = ("active", "reserved", "sold", "paused", "expired")
PUBLISHED: Final = ("active", "reserved", "sold")

# A phone that holds passkeys and says yes by itself.
AUTHENTICATOR: Final = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PRIVATE_NUMBERS: Final = (data.BUYER_PHONE, *(seller.phone for seller in data.SELLERS))


@dataclass
class World:
    """What the addresses of the pages name."""

    tom: Seller
    mia: User
    ned: User
    listings: dict[str, Listing]
    purchases: dict[str, Purchase]
    search: SavedSearch
    photo: Photo
    passkey: Authenticator | None = None


@dataclass(frozen=True)
class Row:
    """A page, and what is done there before it is looked at.

    ``start`` names the page on which *do* begins, where that is another.
    """

    name: str
    who: str = STRANGER
    args: Callable[[World], tuple[Any, ...]] = lambda _world: ()
    query: str = ""
    do: Callable[[Page], object] | None = None
    start: str = ""
    status: int = 200

    def path(self, world: World) -> str:
        return reverse(self.name, args=self.args(world)) + self.query

    def __str__(self) -> str:
        did = self.do.__name__.replace("_", " ") if self.do else ""
        who = self.who.partition("@")[0] or "a stranger"
        return " ".join(filter(None, (self.name + self.query, did, "for", who)))


def make_world() -> World:
    """Adds to the demo what its people have not done yet."""
    tom = Seller.objects.get(display_name="Tom")
    bob = User.objects.get(email=BOB)
    hidden = {"hidden_at": timezone.now(), "hidden_reason": "It is sold elsewhere."}
    listings = {
        "draft": ListingFactory(
            seller=tom, draft=True, price=None, category=None, place="", condition=""
        ),
        "hidden": ListingFactory(seller=tom, title="Two oak chairs", **hidden),
        **{state: ListingFactory(seller=tom, state=state) for state in SHOWN},
    }
    photos = [add_photo(listings["draft"]), add_photo(listings["draft"])]
    users = {email: User.objects.create_user(email, email, PASSWORD) for email in NEW_PEOPLE}
    SellerFactory(user=users[NED], unverified=True, display_name="Ned")
    nina = SellerFactory(user=users[NINA], display_name="Nina")
    ReservedNumberFactory(seller=nina, pending=True)
    for user in (users[MIA], tom.user, bob):
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=user != bob)
    _records(tom)
    return World(
        tom=tom,
        mia=users[MIA],
        ned=users[NED],
        listings=listings,
        purchases={state: _purchase(tom, bob, state) for state in Purchase.State},
        search=SavedSearch.objects.filter(user=bob).earliest("pk"),
        photo=photos[0],
    )


def _purchase(tom: Seller, bob: User, state: Purchase.State) -> Purchase:
    now = timezone.now()
    dates: dict[str, Any] = {}
    if state in {Purchase.State.ACCEPTED, Purchase.State.COMPLETED}:
        dates = {"accepted_at": now, "held_until": now + timedelta(days=3)}
    if state == Purchase.State.COMPLETED:
        dates |= {"buyer_confirmed_at": now, "seller_confirmed_at": now}
    if state not in Purchase.OPEN:
        dates["ended_at"] = now
    listing = ListingFactory(seller=tom, title=f"Chair, {state.label.lower()}")
    return Purchase.objects.create(
        listing=listing, buyer=bob, buyer_name="Bob", price=listing.price, state=state, **dates
    )


def _records(tom: Seller) -> None:
    """What staff have lists of, and the demo has none of."""
    AuthToken.objects.create(user=tom.user)
    PoolNumberFactory()
    session = ProxySession.objects.filter(reserved_number__seller=tom).earliest("created_at")
    Block.objects.create(seller=tom, buyer_index=session.buyer_index)
    PhoneNumberReveal.objects.create(
        seller=tom, staff=User.objects.get(email=STAFF), reason="The police have asked."
    )
    Group.objects.create(name="Moderators")
    StockNumber.objects.create(country="US", proxy_identifier="+14155550188")
    MissedText.objects.create(message_sid="SM" + "8" * 32, next_attempt_at=None)
    now = timezone.now()
    Outage.objects.create(began_at=now, ended_at=now, next_attempt_at=None)
    StrayNumber.objects.create(
        proxy_identifier="+14155550189",
        phone_number_sid="PN" + "8" * 32,
        marker="shoppingplace:gone",
        next_attempt_at=None,
    )


def secure(world: World, page: Page) -> None:
    """Mia's second factors, from her *page*; from now on she needs one to log in."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(reverse("mfa_add_webauthn"))
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    TOTP.activate(world.mia, generate_totp_secret())
    world.passkey = Authenticator.objects.get(user=world.mia, type="webauthn")


# What is done on a page


def sent_empty(page: Page) -> None:
    """The page's form without anything in it, past the browser's own checks."""
    form = page.locator("main form[method=post]").first
    form.evaluate("form => { form.reset(); form.noValidate = true; }")
    with page.expect_navigation():
        form.evaluate("""form => {
            for (const field of form.querySelectorAll("input, textarea, select"))
                if (field.type !== "hidden" && field.type !== "checkbox") field.value = "";
            form.requestSubmit(form.querySelector("button[name=publish]"));
        }""")


def opened(page: Page) -> None:
    """Whatever folds is unfolded."""
    for number in range(page.locator("details").count()):
        page.locator("details").nth(number).evaluate("details => details.open = true")


def phone_typed(page: Page) -> None:
    page.get_by_label("Your new mobile number").fill("+1 415 555 2671")
    page.get_by_role("button", name="Text me a code").click()
    page.wait_for_url("**/code/")


def link_followed(page: Page) -> None:
    page.get_by_role("heading", name="Choose a new password").wait_for()


def password_typed(page: Page) -> None:
    page.get_by_label("Email").fill(MIA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/authenticate/**")


def made_a_token(page: Page) -> None:
    page.get_by_role("main").locator("form[method=post] button").last.click()
    page.get_by_role("heading", name="Your new token").wait_for()


# Where the addresses lead


def listing(state: str) -> Callable[[World], tuple[Any, ...]]:
    return lambda world: (world.listings[state].reference,)


def page_of(state: str) -> Callable[[World], tuple[Any, ...]]:
    return lambda world: (world.listings[state].reference, slugify(world.listings[state].title))


def purchase(state: str) -> Callable[[World], tuple[Any, ...]]:
    return lambda world: (world.purchases[state].pk,)


def renewal(state: str) -> Callable[[World], tuple[Any, ...]]:
    return lambda world: (expiry.token(world.listings[state]),)


def unsubscribing(world: World) -> tuple[Any, ...]:
    return (unsubscribe_url(world.search).rstrip("/").rpartition("/")[2],)


def confirmation(world: World) -> tuple[Any, ...]:
    address = EmailAddress.objects.filter(user__email=BOB).first()
    return (EmailConfirmationHMAC(address).key,)


def password_key(world: World) -> tuple[Any, ...]:
    # As it is since Tom's last log-in, which is part of the token.
    user = User.objects.get(pk=world.tom.user_id)
    return user_pk_to_url_str(user), default_token_generator.make_token(user)


PAGES: Final = (
    Row("listing_list"),
    Row("listing_list", do=opened),
    Row("listing_list", query="?q=oak"),
    Row("listing_list", query="?q=nothing+like+it"),
    Row("listing_list", query="?q=tabel"),
    Row("listing_list", query="?page=2&sort=price&category=furniture"),
    Row("listing_list", query="?place=Nowhereville&min=abc&km=10", do=opened),
    Row("listing_list", query="?reserved=1&sold=1&condition=good&place=San+Rafael%2C+CA&km=100"),
    *(Row("listing_detail", args=page_of(state)) for state in PUBLISHED),
    *(Row("listing_detail", TOM, page_of(state)) for state in (*SHOWN, "draft", "hidden")),
    Row("listing_detail", BOB, page_of("active"), do=opened),
    Row("listing_report", args=listing("active")),
    Row("listing_report", args=listing("active"), do=sent_empty),
    Row("seller_page", args=lambda world: (world.tom.pk,)),
    Row("how_it_works"),
    Row("favourite_list"),
    Row("favourite_list", BOB),
    Row("saved_search_list", BOB),
    Row("saved_search_list", ZOE),
    Row("saved_search_create", BOB, query="?query=q%3Doak"),
    Row("saved_search_edit", BOB, lambda world: (world.search.pk,)),
    Row("saved_search_edit", BOB, lambda world: (world.search.pk,), do=sent_empty),
    Row("saved_search_unsubscribe", args=unsubscribing),
    Row("purchase_request", BOB, listing("active")),
    Row("purchase_request", BOB, listing("active"), do=sent_empty),
    Row("purchase_request", BOB, listing("sold")),
    Row("purchase_request", TOM, listing("active")),
    Row("purchase_list", BOB),
    Row("purchase_list", ZOE),
    Row("purchase_list", TOM, query="?as=selling"),
    *(Row("purchase_detail", BOB, purchase(state)) for state in Purchase.State),
    *(Row("purchase_detail", TOM, purchase(state)) for state in Purchase.State),
    Row("listing_create", TOM),
    Row("listing_create", ZOE),
    Row("listing_create", TOM, do=sent_empty),
    Row("listing_edit", TOM, listing("draft")),
    Row("listing_edit", TOM, listing("draft"), do=sent_empty),
    Row("listing_edit", TOM, listing("active")),
    Row("listing_edit", TOM, listing("hidden")),
    Row("listing_sold", TOM, listing("sold")),
    Row("my_listings", TOM),
    Row("my_listings", TOM, do=opened),
    Row("my_listings", ZOE),
    Row("listing_renew", args=renewal("active")),
    Row("listing_renew", args=renewal("expired")),
    Row("listing_renew", args=renewal("sold")),
    Row("desk", TOM),
    Row("desk", NINA),
    Row("desk_items", TOM),
    Row("desk_items", NINA),
    Row("desk_hours", TOM),
    Row("desk_hours", TOM, do=sent_empty),
    Row("seller_phone", ZOE),
    Row("seller_phone", ZOE, do=sent_empty),
    Row("seller_phone_code", NED),
    Row("seller_phone_code", NED, do=sent_empty),
    Row("seller_phone_change", TOM),
    Row("seller_phone_change", TOM, do=sent_empty),
    Row("seller_phone_change_code", TOM, start="seller_phone_change", do=phone_typed),
    Row("seller_number", TOM),
    Row("seller_number", NINA),
    Row("seller_number_move", TOM),
    Row("account_data", TOM),
    Row("account_delete", TOM),
    Row("account_delete", TOM, do=sent_empty),
    Row("account_tokens", TOM),
    Row("account_tokens", ZOE),
    Row("account_tokens", ZOE, do=made_a_token),
    Row("account_login"),
    Row("account_login", do=sent_empty),
    Row("account_logout", TOM),
    Row("account_signup"),
    Row("account_signup", do=sent_empty),
    Row("account_inactive"),
    Row("account_reauthenticate", TOM),
    Row("account_reauthenticate", TOM, do=sent_empty),
    Row("account_email", TOM),
    Row("account_email", TOM, do=sent_empty),
    Row("account_email_verification_sent"),
    Row("account_confirm_email", args=confirmation),
    Row("account_confirm_email", args=lambda _world: ("no-such-key",)),
    Row("account_change_password", TOM),
    Row("account_change_password", TOM, do=sent_empty),
    Row("account_reset_password"),
    Row("account_reset_password", do=sent_empty),
    Row("account_reset_password_done"),
    Row("account_reset_password_from_key", args=lambda _world: ("1", "no-such-key")),
    Row("account_reset_password_from_key", args=password_key, do=link_followed),
    Row("account_reset_password_from_key_done"),
    Row("mfa_index", TOM),
    Row("mfa_index", MIA),
    Row("mfa_authenticate", start="account_login", do=password_typed),
    Row("mfa_reauthenticate", MIA),
    Row("mfa_reauthenticate_webauthn", MIA),
    Row("mfa_activate_totp", TOM),
    Row("mfa_activate_totp", TOM, do=sent_empty),
    Row("mfa_deactivate_totp", MIA),
    Row("mfa_view_recovery_codes", MIA),
    Row("mfa_generate_recovery_codes", MIA),
    Row("mfa_list_webauthn", MIA),
    Row("mfa_add_webauthn", MIA),
    Row("mfa_remove_webauthn", MIA, lambda world: (world.passkey.pk,)),
    Row("mfa_edit_webauthn", MIA, lambda world: (world.passkey.pk,)),
    Row("switchboard:phones:page"),
    Row("switchboard:alerts"),
    Row("switchboard:phones:faults"),
)

NO_PAGE: Final = {
    # Only posted to, by a button on a page above.
    "purchase_act", "favourite_toggle", "saved_search_delete", "listing_state", "listing_copy",
    "listing_delete", "photo_delete", "photo_move", "photo_turn", "desk_block", "desk_unblock",
    "desk_away", "desk_back", "account_token_revoke", "seller_phone_code_resend",
    "switchboard:phones:add", "switchboard:phones:send", "switchboard:phones:call",
    "switchboard:phones:answer", "switchboard:phones:hangup", "switchboard:phones:add_fault",
    "switchboard:phones:remove_fault", "switchboard:phones:vanish", "switchboard:phones:deliver",
    # Answer a program: part of a page, a picture, a file, JSON.
    "seller_number_state", "place_suggestions", "listing_qr", "mfa_download_recovery_codes",
    "mfa_login_webauthn", "switchboard:phones:api", "switchboard:proxy:services",
    "switchboard:faults:api", "switchboard:verify_service",
    "out_of_session_callback", "interaction_callback", "intercept_callback",
    "hold_1", "hold_2", "hold_3", "livez",
    # Only lead to another page.
    "listing_short",
    "account_set_password",  # everybody has one
    "account_confirm_login_code",  # no codes are mailed to log in
}  # fmt: skip
