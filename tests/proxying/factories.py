"""People and their numbers. ``tom()`` and ``beth()`` sell, and are ready to be called."""

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.utils import timezone
from factory.django import DjangoModelFactory, Password

from proxying.models import PoolNumber, ProxyService, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber

TOMS_PHONE = "+14152345555"
TOMS_NUMBER = "+14151111111"
BETHS_PHONE = "+12099876666"
BETHS_NUMBER = "+12092222222"
BOBS_PHONE = "+14151115555"


class UserFactory(DjangoModelFactory):
    """Has no password that works: tests log in with ``client.force_login``."""

    class Meta:
        model = get_user_model()

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = Password(None)


def an_account(username, password):
    """Whose owner can log in, by a proved address."""
    user = UserFactory(username=username, password=password)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


class SellerFactory(DjangoModelFactory):
    """A seller with a proved phone and, until a ReservedNumber is made, no number."""

    class Meta:
        model = Seller

    class Params:
        unverified = factory.Trait(phone_verified_at=None)
        suspended = factory.Trait(suspended_at=factory.LazyFunction(timezone.now))

    user = factory.SubFactory(UserFactory)
    display_name = factory.Sequence(lambda n: f"Seller {n}")
    phone_number = factory.Sequence(lambda n: PhoneNumber(f"+1415300{n:04}"))
    phone_verified_at = factory.LazyFunction(timezone.now)


class ProxyServiceFactory(DjangoModelFactory):
    """One Service for all who do not ask for another by its ``unique_name``."""

    class Meta:
        model = ProxyService
        django_get_or_create = ("unique_name",)

    service_sid = factory.Sequence(lambda n: f"KS{n:032x}")
    unique_name = "shoppingplace-us-1"
    country = "US"


class ReservedNumberFactory(DjangoModelFactory):
    """An active number; ``pending=True`` for a promise not yet kept."""

    class Meta:
        model = ReservedNumber

    class Params:
        pending = factory.Trait(
            status=ReservedNumber.Status.PENDING,
            service=None,
            proxy_identifier=None,
            phone_number_sid="",
            active_at=None,
            next_attempt_at=factory.LazyFunction(timezone.now),
        )
        quarantined = factory.Trait(
            status=ReservedNumber.Status.QUARANTINED,
            quarantined_at=factory.LazyFunction(timezone.now),
        )

    seller = factory.SubFactory(SellerFactory)
    status = ReservedNumber.Status.ACTIVE
    service = factory.SubFactory(ProxyServiceFactory)
    proxy_identifier = factory.Sequence(lambda n: f"+1415111{n + 2000:04}")
    phone_number_sid = factory.Sequence(lambda n: f"PN{n:032x}")
    active_at = factory.LazyFunction(timezone.now)
    next_attempt_at = None


class PoolNumberFactory(DjangoModelFactory):
    """A number of the Service that is nobody's, bought and added."""

    class Meta:
        model = PoolNumber

    service = factory.SubFactory(ProxyServiceFactory)
    proxy_identifier = factory.Sequence(lambda n: f"+1415222{n:04}")
    phone_number_sid = factory.Sequence(lambda n: f"PN{n + 2**64:032x}")
    added_at = factory.LazyFunction(timezone.now)


def tom() -> Seller:
    """Tom, proved +1 415-234-5555, whom buyers reach at +1 415-111-1111."""
    return _seller("Tom", TOMS_PHONE, TOMS_NUMBER)


def beth() -> Seller:
    """Beth, proved +1 209-987-6666, whom buyers reach at +1 209-222-2222."""
    return _seller("Beth", BETHS_PHONE, BETHS_NUMBER)


def _seller(name: str, phone: str, number: str) -> Seller:
    seller = SellerFactory(
        display_name=name,
        user__username=name.lower(),
        phone_number=PhoneNumber(phone),
    )
    ReservedNumberFactory(seller=seller, proxy_identifier=number)
    return seller
