"""Who called and texted: each buyer under an alias, told apart by an index, never by a number."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from listings.models import Listing
from proxying.models import Block, BuyerAlias, Interaction, ProxySession, Seller

# Twilio's documentation writes the one, its resources the other.
CALL_TYPES = ("voice", "call")
TEXT_TYPES = ("message",)


@dataclass(frozen=True)
class Buyer:
    """One line of the desk. *items* are those that the buyer's texts named, newest first."""

    alias: int
    number: int
    calls: int
    texts: int
    last_contact_at: datetime
    is_blocked: bool
    items: Sequence[Listing]


def name_new_buyers(seller: Seller) -> None:
    """Gives whoever has no alias yet the next ones, in the order in which they first came."""
    if not _unnamed(seller).exists():
        return
    with transaction.atomic():
        # Two tabs at once would give the same numbers.
        Seller.objects.select_for_update().get(pk=seller.pk)
        taken = BuyerAlias.objects.filter(seller=seller).aggregate(Max("number"))["number__max"]
        new = (
            _unnamed(seller)
            .values("buyer_index")
            .annotate(first=Min("created_at"))
            .order_by("first", "buyer_index")
            .values_list("buyer_index", flat=True)
        )
        BuyerAlias.objects.bulk_create(
            BuyerAlias(seller=seller, buyer_index=buyer_index, number=number)
            for number, buyer_index in enumerate(new, start=(taken or 0) + 1)
        )


def contacts(seller: Seller) -> QuerySet[ProxySession, Any]:
    """One row a buyer with an alias, the newest contact first; ``with_items`` completes them."""
    pair = {"seller": seller, "buyer_index": OuterRef("buyer_index")}
    alias = BuyerAlias.objects.filter(**pair)
    theirs = Q(interactions__from_buyer=True)
    return (
        ProxySession.objects.filter(reserved_number__seller=seller)
        .values("buyer_index")
        .annotate(
            alias=Subquery(alias.values("pk")[:1]),
            number=Subquery(alias.values("number")[:1]),
            is_blocked=Exists(Block.objects.filter(**pair)),
            calls=Count("interactions", filter=theirs & Q(interactions__type__in=CALL_TYPES)),
            texts=Count("interactions", filter=theirs & Q(interactions__type__in=TEXT_TYPES)),
            last_contact_at=Coalesce(
                # A Session of which nothing was reported began with a contact all the same.
                Max(
                    Coalesce("interactions__created_at", "created_at"),
                    filter=theirs | Q(interactions=None),
                ),
                Max("created_at"),
            ),
        )
        .filter(alias__isnull=False)
        .order_by("-last_contact_at", "buyer_index")
    )


def with_items(seller: Seller, rows: Sequence[dict[str, Any]]) -> list[Buyer]:
    """The rows of a page of ``contacts``, with the items they are about. Two queries."""
    named: dict[str, list[str]] = defaultdict(list)
    references = (
        Interaction.objects.filter(
            proxy_session__reserved_number__seller=seller,
            proxy_session__buyer_index__in=[row["buyer_index"] for row in rows],
            from_buyer=True,
        )
        .exclude(item_reference="")
        .values_list("proxy_session__buyer_index", "item_reference")
        .annotate(last=Max("created_at"))
        .order_by("-last")
    )
    for buyer_index, reference, _last in references:
        named[buyer_index].append(reference)
    # Anything in brackets is kept as a reference: only the seller's own listings are items.
    wanted = {reference for group in named.values() for reference in group}
    listings = {
        listing.reference: listing
        for listing in Listing.objects.filter(seller=seller, reference__in=wanted)
    }
    return [
        Buyer(
            items=[listings[one] for one in named[row.pop("buyer_index")] if one in listings],
            **row,
        )
        for row in rows
    ]


def _unnamed(seller: Seller) -> QuerySet[ProxySession]:
    aliases = BuyerAlias.objects.filter(seller=seller, buyer_index=OuterRef("buyer_index"))
    return ProxySession.objects.filter(~Exists(aliases), reserved_number__seller=seller)
