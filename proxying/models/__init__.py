"""Sellers, the numbers reserved for them, and what we remember of their Sessions."""

from proxying.models.buyers import Block, BuyerAlias
from proxying.models.capacity import PlannedService, PoolPeak
from proxying.models.codes import PassedOnCode, PhoneCode
from proxying.models.limits import LimitCounter
from proxying.models.missed import MissedText
from proxying.models.numbers import (
    E164_REGEX,
    PoolNumber,
    ProxyService,
    ReservedNumber,
    ReservedNumberQuerySet,
    StrayNumber,
)
from proxying.models.outages import Heartbeat, Outage
from proxying.models.sellers import (
    PhoneNumberReveal,
    Seller,
    SellerKey,
    SellerQuerySet,
    _site_time_zone,
)
from proxying.models.sessions import Interaction, ProxySession
from proxying.models.stock import StockNumber
from proxying.models.texts import SellerText

__all__ = [
    "E164_REGEX",
    "Block",
    "BuyerAlias",
    "Heartbeat",
    "Interaction",
    "LimitCounter",
    "MissedText",
    "Outage",
    "PassedOnCode",
    "PhoneCode",
    "PhoneNumberReveal",
    "PlannedService",
    "PoolNumber",
    "PoolPeak",
    "ProxyService",
    "ProxySession",
    "ReservedNumber",
    "ReservedNumberQuerySet",
    "Seller",
    "SellerKey",
    "SellerQuerySet",
    "SellerText",
    "StockNumber",
    "StrayNumber",
    "_site_time_zone",
]
