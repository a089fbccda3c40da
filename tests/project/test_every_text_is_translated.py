"""In a language that brackets every text, no page, mail, text or refusal has bare words left.

Left out is what nobody reads as the site's words: the Twilio API that the switchboard
imitates word for word with its admin, and the admin pages of other packages' models.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pprint import pformat
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import checks, mail
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from listings import moderation
from listings.account import leaving
from listings.models import Favourite, Listing, Notice, Report, SavedSearch
from listings.purchasing import deciding, ending, rating, requesting
from listings.selling import expiry
from listings.watching import digests
from proxying.callbacks import spoken
from proxying.models import Block, BuyerAlias, PhoneNumberReveal, SellerText
from proxying.routing import Answer
from proxying.switchboard.models import Phone
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo
from tests.project import pseudo_locale
from tests.project.pseudo_locale import bracketed
from tests.proxying import factories

LEFT_OUT = re.compile(
    r"admin/(?!listings/|proxying/|capacity/|setup/|$)|switchboard/(?:proxy|api|verify|lookups)/"
    r"|proxy/callbacks/|api/v1/schema/|media/|livez|readyz"
)
OTHERS_APPS = ("switchboard", "knox", "mfa", "account", "sites")


@pytest.fixture
def brackets():
    with pseudo_locale.spoken():
        yield


@pytest.fixture
def everything(db, settings, tmp_path, brackets):
    """One of all there is, what people typed in brackets; ``named`` fills the addresses."""
    settings.MEDIA_ROOT = tmp_path
    tom = factories.tom()
    tom.display_name = bracketed("Tom")
    tom.save()
    bob = factories.UserFactory(username=bracketed("bob"), email="bob@example.com")
    ann = get_user_model().objects.create_superuser(bracketed("ann"), "ann@example.com", "long")
    get_user_model().objects.filter(pk=tom.user_id).update(username=bracketed("tom"))
    factories.PoolNumberFactory()
    table = a_listing(tom)
    photo = add_photo(table)
    for state in Listing.State.values:
        a_listing(tom, state=state)
    for user in (bob, tom.user):
        Favourite.objects.create(user=user, listing=table)
        search = SavedSearch.objects.create(user=user, query="q=42", name=bracketed("42"))
    Report.objects.create(
        listing=table, reporter=bob, visitor="user:1", reason="fraud", comment=bracketed("Odd")
    )
    alias = BuyerAlias.objects.create(seller=tom, buyer_index="x", number=7)
    Block.objects.create(seller=tom, buyer_index="x")
    PhoneNumberReveal.objects.create(seller=tom, staff=ann, reason=bracketed("They asked"))
    Phone.objects.create(number="+14155550100", name=bracketed("Bob"))
    purchase = requesting.request(table, bob, name=bracketed("Bob"), price=Decimal(200), note="")
    return {
        "people": {"bob": bob, "tom": tom.user, "ann": ann},
        "table": table,
        "purchase": purchase,
        "named": {
            "reference": table.reference,
            "slug": table.slug,
            "photo_id": photo.pk,
            "searches": search.pk,
            "buyers": alias.pk,
            "purchases": purchase.pk,
            "sellers": tom.pk,
            "seller": tom.pk,
            "reportedlisting": table.pk,
        },
    }


def a_listing(seller, **given):
    return ListingFactory(
        seller=seller,
        category=CategoryFactory(name=bracketed("Furniture"), slug="1"),
        title=bracketed("Oak table"),
        description=bracketed("Solid oak."),
        place=bracketed("San Rafael"),
        **given,
    )


def addresses(named: dict[str, Any], *, of_staff: bool) -> list[str]:
    """The addresses of the admin, or all others, with what *named* knows filled in."""
    routes = [route for route in _routes() if not LEFT_OUT.match(route)]
    return [
        f"/{_filled(route, named)}" for route in routes if route.startswith("admin/") == of_staff
    ]


def _routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route.replace("/?", "/").replace("[^/]+?", "x")


def _filled(route: str, named: dict[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        before = route[: found.start()].strip("/").split("/")
        name = found["name"] or found["group"]
        if name in {"object_id", "pk"} and before[0] == "admin":
            first = apps.get_model(before[1], before[2])._base_manager.first()
            return str(first.pk if first else 1)
        return str(named.get(name) or named.get(before[-1]) or "x1")

    return re.sub(r"<(?:\w+:)?(?P<name>\w+)>|\(\?P<(?P<group>\w+)>[^)]*\)", value, route)


@pytest.fixture
def bare():
    """What *answer* says outside of brackets, as far as it is ours to say."""
    theirs = {str(name) for app in OTHERS_APPS for name in _names_of(app)}
    # Django's own checks, its search button and its ticks.
    for message in checks.run_checks(include_deployment_checks=True):
        theirs |= {str(message.id), str(message.msg), str(message.hint)}
    theirs |= {"Search", "True", "False"}
    theirs_alone = re.compile(
        "|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in sorted(theirs, key=len)[::-1])
    )

    def left(text):
        return list(pseudo_locale.outside(theirs_alone.sub("", text)))

    def of(answer):
        kind = answer.headers.get("Content-Type", "")
        if answer.streaming:
            return []
        if kind.startswith("text/html"):
            runs = pseudo_locale.untranslated_in_page(answer.content.decode())
        elif kind.startswith("application/json") and answer.status_code >= 400:
            runs = list(pseudo_locale.sentences(answer.json()))
        else:
            return []
        return [run for found in runs for run in left(found)]

    return of


def _names_of(app: str) -> Iterator[Any]:
    if apps.is_installed(app) or app in {each.label for each in apps.get_app_configs()}:
        config = apps.get_app_config(app)
        yield config.verbose_name
        yield config.verbose_name.title()
        for model in config.get_models():
            name = str(model._meta.verbose_name_plural)
            yield name[:1].upper() + name[1:]


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def browser(user):
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    return client


@pytest.mark.parametrize("who", ["stranger", "bob", "tom", "ann"])
def test_every_page_is_translated(everything, bare, who):
    found = {}
    for path in addresses(everything["named"], of_staff=who == "ann"):
        with rolled_back():
            answer = browser(everything["people"].get(who)).get(path)
            if said := bare(answer):
                found[path] = said

    assert not found, pformat(found)


@pytest.mark.parametrize("who", ["tom", "ann"])
def test_what_follows_an_empty_form_is_translated(everything, bare, who):
    found = {}
    for path in addresses(everything["named"], of_staff=who == "ann"):
        with rolled_back():
            kind = {"content_type": "application/json"} if path.startswith("/api/") else {}
            answer = browser(everything["people"].get(who)).post(path, {}, follow=True, **kind)
            if said := bare(answer):
                found[path] = said

    assert not found, pformat(found)


def assert_translated(*texts):
    assert [run for text in texts for run in pseudo_locale.outside(text)] == []


def test_every_mail_and_text_about_a_purchase_is_translated(everything):
    tom, bob = everything["table"].seller, everything["people"]["bob"]
    declined, cancelled, lapsed = (
        requesting.request(a_listing(tom), bob, name=bracketed("Bob"), price=Decimal(9), note="")
        for _each in range(3)
    )
    sold = deciding.accept(everything["purchase"])
    ending.confirm(sold, by_buyer=True)
    sold = ending.confirm(sold, by_buyer=False)
    rating.rate(sold, by_buyer=True, stars=5, comment=bracketed("Fine"))
    deciding.decline(declined)
    ending.cancel(cancelled, by_buyer=True)
    long_ago = timezone.now() - timedelta(days=60)
    type(lapsed).objects.filter(pk=lapsed.pk).update(requested_at=long_ago)
    assert ending.lapse_due() == 1

    assert Notice.objects.count() > 8
    assert SellerText.objects.exists()
    for notice in Notice.objects.all():
        assert_translated(notice.subject, notice.body)
    assert_translated(*SellerText.objects.values_list("body", flat=True))


def test_every_mail_that_nobody_asked_for_today_is_translated(everything):
    table, bob = everything["table"], everything["people"]["bob"]
    long_ago = timezone.now() - timedelta(days=60)
    SavedSearch.objects.update(query="", next_mail_at=long_ago, created_at=long_ago)
    digests.run_due()
    Listing.objects.filter(pk=table.pk).update(expires_at=timezone.now() + timedelta(days=1))
    expiry.run()
    moderation.hide(table, bracketed("Not allowed"))
    moderation.restore(table, bracketed("A mistake"))
    written = list(Notice.objects.values_list("subject", "body"))
    leaving.leave(bob)
    written += Notice.objects.values_list("subject", "body")

    assert len(written) > 8
    assert_translated(*(text for mail_ in written for text in mail_))


def test_mail_with_a_new_password_is_translated(everything):
    browser(None).post(reverse("account_reset_password"), {"email": "bob@example.com"})

    assert_translated(mail.outbox[0].subject, mail.outbox[0].body)


@pytest.mark.parametrize("answer", list(Answer))
def test_caller_hears_a_translated_sentence(everything, answer):
    said = re.sub(r"<[^>]*>", "", spoken(answer).decode())

    assert said.startswith(pseudo_locale.OPEN)
    assert_translated(said)


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>⟦Hello⟧</p>", []),
        ("<p>⟦Hello⟧ Tom</p>", ["Tom"]),
        ("<p>⟦Ask <a>Tom⟧</a></p>", []),
        ('<img alt="A chair">', ["A chair"]),
        ('<input type="submit" value="Find">', ["Find"]),
        ("<p>⟦By⟧ tom@example.com, +1 415-111-1111, $240</p>", []),
        ("<script>const x = 1</script>", []),
    ],
)
def test_bare_words_are_noticed(page, found):
    assert pseudo_locale.untranslated_in_page(page) == found
