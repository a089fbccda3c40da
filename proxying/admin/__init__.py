"""What staff see and do. No page of it shows a private phone number, only its last digits.

Sellers and numbers are never deleted here: a number is released, and stays in quarantine.
"""

from proxying.admin.numbers import PoolNumberAdmin, ProxyServiceAdmin, ReservedNumberAdmin
from proxying.admin.records import BlockAdmin, InteractionAdmin, ProxySessionAdmin
from proxying.admin.sellers import SellerAdmin

__all__ = [
    "BlockAdmin",
    "InteractionAdmin",
    "PoolNumberAdmin",
    "ProxyServiceAdmin",
    "ProxySessionAdmin",
    "ReservedNumberAdmin",
    "SellerAdmin",
]
