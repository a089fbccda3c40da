"""One permanent number for each seller: promised, reserved, and one day given back.

Every step is written in our rows before Twilio hears of it, and can be repeated: a crash
between any two lines leaves a row that says how to go on, and ``tasks`` sweeps them up.
"""

from proxying.provisioning.ending import (
    close_proxy_sessions,
    reinstate,
    release,
    suspend,
)
from proxying.provisioning.erasing import erase_sessions
from proxying.provisioning.going_back import give_back_quarantined
from proxying.provisioning.pool import fill_pool
from proxying.provisioning.reserving import NotYet, promise, reserve
from proxying.provisioning.stock import fill_stock

__all__ = [
    "NotYet",
    "close_proxy_sessions",
    "erase_sessions",
    "fill_pool",
    "fill_stock",
    "give_back_quarantined",
    "promise",
    "reinstate",
    "release",
    "reserve",
    "suspend",
]
