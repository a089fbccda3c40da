"""What is in the demo: the people of Twilio's own worked example, and one of staff.

Importable only once Django is set up. https://www.twilio.com/docs/proxy/phone-numbers-needed
"""

from dataclasses import dataclass
from io import StringIO
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from proxying import provisioning
from proxying.models import ProxyService, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from shoppingplace.demo import CannotGoOn


@dataclass(frozen=True)
class DemoSeller:
    """Somebody with a private phone, and the number that buyers dial instead."""

    name: str
    email: str
    phone: str
    proxy_identifier: str


STAFF_EMAIL: Final = "admin@example.com"
BUYER_EMAILS: Final = ("bob@example.com", "nora@example.com", "sam@example.com")
BUYER_PHONE: Final = "+14151115555"
SELLERS: Final = (
    DemoSeller("Tom", "tom@example.com", "+14152345555", "+14151111111"),
    DemoSeller("Beth", "beth@example.com", "+12099876666", "+12092222222"),
    DemoSeller("Amira", "amira@example.com", "+15102345501", "+15103333333"),
    DemoSeller("Carlos", "carlos@example.com", "+14082345502", "+14084444444"),
    DemoSeller("Dana", "dana@example.com", "+19162345503", "+19165555555"),
    DemoSeller("Hiro", "hiro@example.com", "+16282345504", "+16286666666"),
    DemoSeller("Ines", "ines@example.com", "+18312345505", "+18317777777"),
    DemoSeller("Joe", "joe@example.com", "+15592345506", "+15598888888"),
)


def prepare(password: str) -> None:
    """What needs no server: tables, static files, people, and phones of the virtual carrier."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    _make_users(password)
    phones = [(BUYER_PHONE, "Bob (buyer)"), *((seller.phone, seller.name) for seller in SELLERS)]
    call_command(
        "seed_switchboard",
        f"--verify-service={settings.TWILIO_VERIFY_SERVICE_SID}",
        *(f"--phone={number}:{name}" for number, name in phones),
        verbosity=0,
    )


def fill() -> None:
    """What goes through Twilio's API, as for any seller: the Service, the numbers; the items."""
    try:
        call_command("configure_proxy_service", stdout=StringIO())
        for seller in SELLERS:
            _reserve(seller)
        call_command("load_demo", stdout=StringIO())
    except (CommandError, provisioning.NotYet) as reason:
        raise CannotGoOn(str(reason)) from None


def _make_users(password: str) -> None:
    """Those who are there already keep what they changed."""
    emails = {STAFF_EMAIL, *BUYER_EMAILS, *(seller.email for seller in SELLERS)}
    there = User.objects.filter(username__in=emails)
    missing = emails.difference(there.values_list("username", flat=True))
    if not missing:
        return
    # Hashing takes its time on purpose, and all have the same password.
    hashed = make_password(password)
    User.objects.bulk_create(
        User(
            username=email,
            email=email,
            password=hashed,
            is_staff=email == STAFF_EMAIL,
            is_superuser=email == STAFF_EMAIL,
        )
        for email in sorted(missing)
    )


def _reserve(who: DemoSeller) -> None:
    """Makes *who* a proved seller, with the well-known number as the one to buy.

    A seller who is there already keeps what staff made of the number, released or not.
    """
    with transaction.atomic():
        seller, is_new = Seller.objects.get_or_create(
            user=User.objects.get(username=who.email),
            defaults={
                "display_name": who.name,
                "phone_number": PhoneNumber(who.phone),
                "phone_verified_at": timezone.now(),
            },
        )
        if is_new:
            ReservedNumber.objects.create(
                seller=seller,
                status=ReservedNumber.Status.BUYING,
                service=ProxyService.objects.earliest("created_at"),
                proxy_identifier=who.proxy_identifier,
            )
    if number := seller.reserved_number:
        provisioning.reserve(number.pk)
