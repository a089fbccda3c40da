"""Whose phone is it? Send a code there, check the code, promise a reserved number.

A phone that another seller has proved already is treated like any other until its code
is typed in: only whoever holds that phone learns that it has an account.
"""

from datetime import timedelta
from email.utils import parseaddr
from typing import Final

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proxying import limits, texting, twilio_client
from proxying.encryption import blind_index
from proxying.models import PhoneCode, PoolNumber, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.reachability import phone_changed
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_LANDLINE_TYPE: Final = "landline"

# https://www.twilio.com/docs/api/errors, those of Verify
_LANDLINE = 60205

_TRY_LATER = gettext_lazy(
    "We cannot reach our phone provider just now. Please try again in a few minutes."
)


class NumberNotAccepted(Exception):
    """This number cannot be a seller's private phone; the text says why, to the seller."""


class CodeNotAccepted(Exception):
    """The code proves nothing; the text says why and what to do, to the seller."""


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
    _refuse_unfit(phone_number)
    _keep(seller, phone_number)
    _text_code(phone_number)


def send_change_code(seller: Seller, phone_number: PhoneNumber) -> None:
    """Texts a code to the phone that shall ring from now on. Nothing changes yet.

    ``NumberNotAccepted`` with a sentence for the seller.
    """
    if seller.phone_number_index == blind_index(phone_number.reveal()):
        raise NumberNotAccepted(_("This is the phone that rings already."))
    _refuse_unfit(phone_number)
    _text_code(phone_number)


def change_phone(seller: Seller, phone_number: PhoneNumber, code: str) -> None:
    """With the right code *phone_number* is the seller's phone; the reserved number stays.

    Sessions that would ring the old one are refused from that moment on and closed by the
    sweep. A text to the old phone is owed, and ``phone_changed`` sent, in the same transaction.
    ``CodeNotAccepted`` with a sentence for the seller; then the old phone is still
    the one that rings.
    """
    if seller.phone_number == phone_number:
        return  # a double tap
    _check(phone_number, code)
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


def _text_code(phone_number: PhoneNumber) -> None:
    index = blind_index(phone_number.reveal())
    _take_turn_to_text(index)
    try:
        verification_sid = twilio_client.send_code(phone_number)
    except TwilioUnavailable:
        raise NumberNotAccepted(_TRY_LATER) from None
    except TwilioRefused as refusal:
        raise NumberNotAccepted(_why_not_sent(refusal)) from None
    PhoneCode.objects.sent(index, verification_sid)


def _take_turn_to_text(index: str) -> None:
    if not limits.take(
        f"codes.phone.{index}", limit=settings.CODES_TO_A_PHONE_AN_HOUR, window=_HOUR
    ):
        raise NumberNotAccepted(
            _("Too many codes were sent to this phone. Wait an hour, then try again.")
        )
    if not limits.take("codes", limit=settings.CODES_A_DAY, window=_DAY):
        logger.error("codes_of_the_day_used_up", limit=settings.CODES_A_DAY)
        raise NumberNotAccepted(_("We cannot send any more codes today. Please try tomorrow."))


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
    _check(seller.phone_number, code)
    if is_ours(seller.phone_number.reveal()):
        # We have bought it since it was typed in.
        raise CodeNotAccepted(_told_it_is_ours())
    return _promise_number(seller, blind_index(seller.phone_number.reveal()))


def _check(phone_number: PhoneNumber, code: str) -> None:
    sent = PhoneCode.objects.last_sent(blind_index(phone_number.reveal()))
    if sent is None:
        raise CodeNotAccepted(_told_to_ask_again())
    if not sent.take_try():
        raise CodeNotAccepted(_told_to_wait())
    try:
        right = twilio_client.is_code_right(sent.verification_sid, code)
    except TwilioUnavailable:
        raise CodeNotAccepted(_TRY_LATER) from None
    except TwilioRefused as refusal:
        raise CodeNotAccepted(_why_not_checked(refusal)) from None
    if not right:
        raise CodeNotAccepted(_("That is not the code we sent. Look again and type it once more."))


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


def _refuse_unfit(phone_number: PhoneNumber) -> None:
    if phone_number.country not in settings.SELLER_COUNTRIES:
        countries = ", ".join(settings.SELLER_COUNTRIES)
        raise NumberNotAccepted(
            _("For now we can only verify phones in: %(countries)s.") % {"countries": countries}
        )
    if is_ours(phone_number.reveal()):
        raise NumberNotAccepted(_told_it_is_ours())
    if not phone_number.is_a_persons:
        raise NumberNotAccepted(_("This is a service number. Type the number of your own phone."))
    try:
        line_type = twilio_client.line_type(phone_number)
    except TwilioUnavailable:
        raise NumberNotAccepted(_TRY_LATER) from None
    except TwilioRefused:
        line_type = "unknown"  # Lookup may be closed for a country; Verify has the last word.
    if line_type is None:
        raise NumberNotAccepted(_("There is no such phone number. Check the digits."))
    if line_type in settings.SELLER_LINE_TYPES:
        return
    if line_type == _LANDLINE_TYPE:
        raise NumberNotAccepted(_("This line cannot receive texts. Type a mobile number."))
    raise NumberNotAccepted(_("This is a service number. Type the number of your own phone."))


def is_ours(e164: str) -> bool:
    """Whether this is a masked number of ours: a call to it would come back to us."""
    return (
        PoolNumber.objects.filter(proxy_identifier=e164).exists()
        or ReservedNumber.objects.filter(proxy_identifier=e164)
        .exclude(status=ReservedNumber.Status.RELEASED)
        .exists()
    )


def _why_not_sent(refusal: TwilioRefused) -> str:
    if refusal.code in twilio_client.TOO_MANY_SENDS:
        return _("Too many codes were sent to this phone. Wait ten minutes, then try again.")
    if refusal.code == _LANDLINE:
        return _("This line cannot receive texts. Type a mobile number.")
    return _("We cannot send a code to this number. Check it, or use another phone.")


def _why_not_checked(refusal: TwilioRefused) -> str:
    if refusal.code == twilio_client.TOO_MANY_CHECKS:
        return _told_to_wait()
    if refusal.status == twilio_client.NOT_FOUND:
        return _told_to_ask_again()
    return _("That is not the code we sent. Look again and type it once more.")


def _told_it_is_ours() -> str:
    return _("This is a ShoppingPlace number. Type the number of your own phone.")


def _told_to_wait() -> str:
    return _("Too many tries. Wait ten minutes, then ask for a new code.")


def _told_to_ask_again() -> str:
    return _("This code has expired or was used. Ask for a new one.")
