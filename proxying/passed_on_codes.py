"""Before a seller texts a log-in code to a buyer: the commonest theft on classifieds.

"I have sent you a code, tell me what it says, so that I know you are real": whoever does has
given away an account. The first such text is stopped and its sender told why. The same one
sent again within ten minutes goes through: perhaps it is the code of a gate.

Of the text nothing is kept but a keyed digest of the code, which ``forget_old`` deletes.
Proxy lets a text through when our answer comes late, so this warns and guarantees nothing.
"""

import re
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from proxying.encryption import blind_index
from proxying.models import PassedOnCode, ProxySession, SellerText

_MAY_COME_AGAIN_FOR: Final = timedelta(minutes=10)

# 123456, 123-456, 1234 5678, G-123456
_CODE: Final = r"(?<![\d.,$€£])(?:[A-Z]{1,3}-)?(\d{4,8}|\d{3}[ -]\d{3}|\d{4}[ -]\d{4})(?![\d%€£])"
_ALONE: Final = re.compile(rf"\W*{_CODE}\W*")
_SOMEWHERE: Final = re.compile(_CODE)
_CALLED_ONE: Final = re.compile(
    r"\b(?:code|passcode|otp|pin|one-time|verification)\b", re.IGNORECASE
)
# The message of a bank or a site is short. What is longer is somebody's own words.
_LONGEST: Final = 200


def code_index(body: str) -> str:
    """A keyed digest of the code that *body* passes on; empty when it does nothing of the kind."""
    alone = _ALONE.fullmatch(body)
    called = len(body) <= _LONGEST and _CALLED_ONE.search(body) and _SOMEWHERE.search(body)
    found = alone or called
    if not found:
        return ""
    digits = "".join(str(int(sign)) for sign in found[1] if sign.isdecimal())
    return blind_index(f"code {digits}")


def is_first(session: ProxySession, index: str, interaction_sid: str) -> bool:
    """Whether the seller has not been warned of passing this code on to this buyer.

    Then the warning is owed from now on, once however often the same interaction is told. A text
    that we pass on ourselves is no interaction yet, and goes by its message's SID.
    """
    warned = PassedOnCode.objects.filter(
        # Not only in this Session: the same text once more may come in another.
        proxy_session__reserved_number__seller=session.reserved_number.seller_id,
        proxy_session__buyer_index=session.buyer_index,
        code_index=index,
        warned_at__gt=timezone.now() - _MAY_COME_AGAIN_FOR,
    )
    if warned.exclude(interaction_sid=interaction_sid).exists():
        return False
    try:
        with transaction.atomic():
            PassedOnCode.objects.create(
                proxy_session=session, code_index=index, interaction_sid=interaction_sid
            )
            SellerText.objects.create(seller=session.reserved_number.seller, body=_warning())
    except IntegrityError:
        pass  # told twice
    return True


def forget_old() -> int:
    """Deletes what no text can come again for any more; how many."""
    deleted, _by_model = PassedOnCode.objects.filter(
        warned_at__lt=timezone.now() - _MAY_COME_AGAIN_FOR
    ).delete()
    return deleted


def _warning() -> str:
    with override(settings.LANGUAGE_CODE):
        return _(
            "%(site)s: we have not passed on your last text, it looks like a log-in code. No "
            "buyer needs one: who asks for it wants to get into an account of yours. Never "
            "tell a code to anybody. If it is no such code, send the text again within ten "
            "minutes."
        ) % {"site": settings.SITE_NAME}
