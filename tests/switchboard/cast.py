"""The people of the switchboard's tests, and the numbers they meet behind."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from twilio.base.exceptions import TwilioRestException

from proxying.switchboard.models import IncomingPhoneNumber

TOM = "+14152345555"
BETH = "+12099876666"
BOB = "+14151115555"
MALLORY = "+14157770000"

TOMS_NUMBER = "+14151111111"
BETHS_NUMBER = "+12092222222"
POOL_1 = "+14153330001"
POOL_2 = "+14153330002"
POOL_3 = "+14153330003"


def own(phone_number, **fields):
    """A number bought by the account; its SID."""
    fields = {"iso_country": "US"} | fields
    return IncomingPhoneNumber.objects.create(phone_number=phone_number, **fields).sid


@contextmanager
def refused(code, status=400) -> Iterator[None]:
    """Twilio's client is told this error number, with this HTTP status."""
    with pytest.raises(TwilioRestException) as caught:
        yield
    assert (caught.value.code, caught.value.status) == (code, status)
