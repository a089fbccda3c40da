"""What staff see and do. No page of it shows a private phone number, only its last digits,
save the one answer to staff who may read it and say why (``revealing``).

Sellers and numbers are never deleted here: a number is released, and stays in quarantine.
"""

from proxying.admin.missed_texts import MissedTextAdmin, OutageAdmin
from proxying.admin.numbers import ProxyServiceAdmin, ReservedNumberAdmin
from proxying.admin.records import BlockAdmin, InteractionAdmin, ProxySessionAdmin
from proxying.admin.revealing import PhoneNumberRevealAdmin
from proxying.admin.sellers import SellerAdmin
from proxying.admin.spare_numbers import PoolNumberAdmin, StockNumberAdmin, StrayNumberAdmin

__all__ = [
    "BlockAdmin",
    "InteractionAdmin",
    "MissedTextAdmin",
    "OutageAdmin",
    "PhoneNumberRevealAdmin",
    "PoolNumberAdmin",
    "ProxyServiceAdmin",
    "ProxySessionAdmin",
    "ReservedNumberAdmin",
    "SellerAdmin",
    "StockNumberAdmin",
    "StrayNumberAdmin",
]
