"""Enough numbers: measured, foreseen, made room for, and ordered in time.

A number of Proxy's stands for one partner at a time, for each person. A seller is shown a
number of the Service's unreserved pool in every Session, so

    simultaneous buyers of a seller <= unreserved numbers of the seller's Service

and all its sellers share those same numbers. A Service of N sellers, of whom the busiest has
M buyers at a time, needs N reserved numbers and M unreserved ones; at most 5,000 and 500. The
buyers' side never runs out: a buyer holds the reserved number of each seller, which is
another for each.
https://www.twilio.com/docs/proxy/phone-numbers-needed
https://www.twilio.com/docs/proxy/understanding-proxy-limits
"""

from proxying.capacity.measuring import Reading, in_stock, measure, open_sessions
from proxying.capacity.opening import (
    callback_urls,
    configure_service,
    due_services,
    hurry_services,
    open_service,
    plan_services,
)
from proxying.capacity.planning import Plan, cost_of, plan_numbers, price_of_a_number
from proxying.capacity.room import crowded_sellers, make_room
from proxying.capacity.sizing import RESERVED_IN_A_SERVICE, wanted_size
from proxying.capacity.watching import watch

__all__ = [
    "RESERVED_IN_A_SERVICE",
    "Plan",
    "Reading",
    "callback_urls",
    "configure_service",
    "cost_of",
    "crowded_sellers",
    "due_services",
    "hurry_services",
    "in_stock",
    "make_room",
    "measure",
    "open_service",
    "open_sessions",
    "plan_numbers",
    "plan_services",
    "price_of_a_number",
    "wanted_size",
    "watch",
]
