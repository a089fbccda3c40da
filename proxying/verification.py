"""Whose phone is it? Send a code there, check the code, promise a reserved number.

A phone that another seller has proved already is treated like any other until its code
is typed in: only whoever holds that phone learns that it has an account.
"""

from datetime import timedelta
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from proxying import codes, limits, texting
from proxying.codes import CodeNotAccepted, NumberNotAccepted
from proxying.encryption import blind_index
from proxying.models import ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.reachability import phone_changed

_HOUR: Final = timedelta(hours=1)


def take_turn_to_ask(seller: Seller, address: str) -> None:
    """Counts that an account wants a code, and from which *address*: before anything is done.

    ``NumberNotAccepted`` with a sentence for the seller. Only a keyed digest of the address
    is kept.
    """
    account = limits.take(
        f"codes.account.{seller.pk}", limit=settings.CODES_OF_AN_ACCOUNT_AN_HOUR, window=_HOUR
    )
    if not account or not limits.take(
        f"codes.address.{blind_index(address)}",
        limit=settings.CODES_OF_AN_ADDRESS_AN_HOUR,
        window=_HOUR,
    ):
        raise NumberNotAccepted(_("You have asked for many codes. Wait an hour, then try again."))


def send_code(seller: Seller, phone_number: PhoneNumber) -> None:
    """Keeps *phone_number* as the seller's unproved phone and texts a code to it.

    ``NumberNotAccepted`` with a sentence for the seller.
    """
    _refuse_the_proved(seller)
    codes.refuse_unfit(phone_number)
    _keep(seller, phone_number)
    codes.text_code(phone_number)


def send_change_code(seller: Seller, phone_number: PhoneNumber) -> None:
    """Texts a code to the phone that shall ring from now on. Nothing changes yet.

    ``NumberNotAccepted`` with a sentence for the seller.
    """
    if seller.phone_number_index == blind_index(phone_number.reveal()):
        raise NumberNotAccepted(_("This is the phone that rings already."))
    codes.refuse_unfit(phone_number)
    codes.text_code(phone_number)


def change_phone(seller: Seller, phone_number: PhoneNumber, code: str) -> None:
    """With the right code *phone_number* is the seller's phone; the reserved number stays.

    Sessions that would ring the old one are refused from that moment on and closed by the
    sweep. A text to the old phone is owed, and ``phone_changed`` sent, in the same transaction.
    ``CodeNotAccepted`` with a sentence for the seller; then the old phone is still
    the one that rings.
    """
    if seller.phone_number == phone_number:
        return  # a double tap
    codes.check(phone_number, code)
    try:
        with transaction.atomic():
            changing = Seller.objects.select_for_update().get(pk=seller.pk)
            if changing.phone_verified_at is None or changing.suspended_at:
                raise CodeNotAccepted(_("The phone cannot be changed now."))
            former = changing.phone_number
            assert former is not None
            changing.phone_number = phone_number
            changing.phone_verified_at = timezone.now()
            changing.phone_epoch += 1
            changing.save(
                update_fields=[
                    "phone_number",
                    "phone_number_index",
                    "phone_verified_at",
                    "phone_epoch",
                ]
            )
            texting.owe_to_former_phone(changing, former, _told_to_former_phone())
            phone_changed.send(sender=None, seller=changing)
    except IntegrityError:
        raise CodeNotAccepted(
            _("This phone already belongs to another ShoppingPlace account.")
        ) from None


def _told_to_former_phone() -> str:
    return _(
        "%(site)s: another phone rings for your number from now on, not this one. If you did "
        "not change that, write to %(address)s at once."
    ) % {"site": settings.SITE_NAME, "address": parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}


def check_code(seller: Seller, code: str) -> ReservedNumber:
    """With the right code: the phone is proved and a number promised, both or neither.

    ``CodeNotAccepted`` with a sentence for the seller. Whoever calls this nudges
    ``reserve_number`` for the returned row once the transaction is over.
    """
    if seller.phone_verified_at and seller.reserved_number:
        return seller.reserved_number
    try:
        return _prove(seller, code)
    except CodeNotAccepted:
        # A double tap sends the code twice, and Twilio takes it once.
        proved = ReservedNumber.objects.live().filter(seller__phone_verified_at__isnull=False)
        if number := proved.filter(seller=seller).first():
            return number
        raise


def _prove(seller: Seller, code: str) -> ReservedNumber:
    if seller.phone_number is None:
        raise CodeNotAccepted(_("Tell us your phone number first."))
    codes.check(seller.phone_number, code)
    return _promise_number(seller, blind_index(seller.phone_number.reveal()))


def _keep(seller: Seller, phone_number: PhoneNumber) -> None:
    with transaction.atomic():
        # Lookup took its time. Were another phone proved meanwhile, this one would pass for it.
        _refuse_the_proved(Seller.objects.select_for_update().get(pk=seller.pk))
        seller.phone_number = phone_number
        seller.save(update_fields=["phone_number", "phone_number_index"])


def _refuse_the_proved(seller: Seller) -> None:
    if seller.phone_verified_at:
        raise NumberNotAccepted(_("Your phone is verified already."))


def _promise_number(seller: Seller, proved_index: str) -> ReservedNumber:
    try:
        with transaction.atomic():
            # The code proved the phone it was sent to, not one typed in meanwhile.
            proved = Seller.objects.filter(
                pk=seller.pk, phone_number_index=proved_index, phone_verified_at=None
            ).update(phone_verified_at=timezone.now())
            if not proved:
                raise CodeNotAccepted(
                    _("The phone number was changed meanwhile. Ask for a new code.")
                )
            number = ReservedNumber.objects.create(seller=seller)
    except IntegrityError:
        raise CodeNotAccepted(
            _("This phone already belongs to another ShoppingPlace account. Log in to that one.")
        ) from None
    seller.refresh_from_db(fields=["phone_verified_at"])
    return number
