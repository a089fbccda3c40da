"""A seller's own listings: written, edited, taken through their states. Another's is a 404."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from listings.api import examples
from listings.api.representations import OwnListing
from listings.api.schema import CONFLICT, FORBIDDEN, MISSING, UNKNOWN, WRONG
from listings.api.views import Conflict, PersonalView, sentences
from listings.models import Category, Listing, ListingQuerySet
from listings.purchasing.ending import listing_left
from listings.selling import drafts, expiry
from listings.selling.forms import ListingForm, PriceKind
from listings.selling.offering import NotOffered, offer
from proxying.models import Seller

# Nobody asks for the others: one begins as a draft, and expires by itself.
WANTED_STATES = [
    (state.value, state.label)
    for state in Listing.State
    if state not in {Listing.State.DRAFT, Listing.State.EXPIRED}
]


class CategoryField(serializers.SlugRelatedField[Category]):
    """A category by its slug."""

    def to_internal_value(self, data: Any) -> Category:
        if "\0" in str(data):  # PostgreSQL takes none
            self.fail("invalid")
        return super().to_internal_value(data)


class ListingWords(serializers.Serializer[Any]):
    """What a seller says of an item. What is left out stays as it is, or is empty at first."""

    title = serializers.CharField(max_length=80, required=False)
    description = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    price = serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    is_negotiable = serializers.BooleanField(required=False)
    category = CategoryField(
        slug_field="slug", queryset=Category.objects.all(), required=False, allow_null=True
    )
    condition = serializers.ChoiceField(Listing.Condition.choices, required=False, allow_blank=True)
    place = serializers.CharField(max_length=80, required=False, allow_blank=True)


class StateWish(serializers.Serializer[Any]):
    """Where a listing shall go, one of its ``next_states``."""

    state = serializers.ChoiceField(WANTED_STATES)
    sold_where = serializers.ChoiceField(
        Listing.SoldWhere.choices, required=False, help_text="With `sold`; `here` unless said."
    )
    sold_price = serializers.DecimalField(
        max_digits=10,
        decimal_places=2,
        min_value=0,
        required=False,
        allow_null=True,
        help_text="With `sold`: for how much, in US dollars. For you alone.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["state"] != Listing.State.SOLD:
            for name in {"sold_where", "sold_price"} & attrs.keys():
                raise ValidationError({name: [_("Say this of what is sold alone.")]})
        return attrs


class OwnListingsView(PersonalView):
    serializer_class: Any = OwnListing

    def own(self) -> ListingQuerySet:
        found = Listing.objects.filter(seller__user=self.request.user.pk)
        return found.select_related("seller", "category").prefetch_related("photos", "purchases")

    def own_listing(self) -> Listing:
        return get_object_or_404(self.own(), reference=self.kwargs["reference"])

    def shown(self, listing: Listing, code: int = status.HTTP_200_OK) -> Response:
        """*listing* as the database has it now."""
        return Response(OwnListing(self.own().get(pk=listing.pk)).data, status=code)


class OwnListings(OwnListingsView):
    @extend_schema(
        summary="My listings",
        responses={200: OwnListing(many=True), **WRONG, **UNKNOWN},
        examples=[examples.OWN_LISTING],
        tags=["my listings"],
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.own().order_by("-created_at", "-id"))
        return self.get_paginated_response(OwnListing(page, many=True).data)

    @extend_schema(
        summary="Write a draft",
        description="Only you see it. Publish it with its state.",
        request=ListingWords,
        responses={201: OwnListing, **WRONG, **UNKNOWN, **FORBIDDEN},
        examples=[examples.NEW_LISTING, examples.OWN_LISTING],
        tags=["my listings"],
    )
    def post(self, request: Request) -> Response:
        seller = Seller.objects.filter(user=request.user.pk).first()
        if seller is None:
            raise PermissionDenied(_("Become a seller first: give your phone on the site."))
        listing = _written(Listing(seller=seller), request.data)
        return self.shown(listing, status.HTTP_201_CREATED)


class OneOwnListing(OwnListingsView):
    @extend_schema(
        summary="One of my listings",
        responses={200: OwnListing, **UNKNOWN, **MISSING},
        examples=[examples.OWN_LISTING],
        tags=["my listings"],
    )
    def get(self, request: Request, reference: str) -> Response:
        return Response(OwnListing(self.own_listing()).data)

    @extend_schema(
        summary="Change what it says",
        request=ListingWords,
        responses={200: OwnListing, **WRONG, **UNKNOWN, **MISSING},
        examples=[examples.OWN_LISTING],
        tags=["my listings"],
    )
    def patch(self, request: Request, reference: str) -> Response:
        return self.shown(_written(self.own_listing(), request.data))

    @extend_schema(
        summary="Delete a draft",
        description="409 for what has ever been published: mark it as sold or pause it.",
        responses={204: None, **UNKNOWN, **MISSING, **CONFLICT},
        tags=["my listings"],
    )
    def delete(self, request: Request, reference: str) -> Response:
        listing = self.own_listing()
        if not drafts.delete(listing):
            raise Conflict(_("Only a draft can be deleted."))
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnListingState(OwnListingsView):
    @extend_schema(
        summary="Publish, reserve, pause, resume, sell",
        description=(
            "`active` publishes a draft and brings back what was paused, reserved, sold or has "
            "expired. 409 when the listing may not go there from where it is; 400 when words are "
            "still missing."
        ),
        request=StateWish,
        responses={200: OwnListing, **WRONG, **UNKNOWN, **MISSING, **CONFLICT},
        examples=[examples.OWN_LISTING],
        tags=["my listings"],
    )
    def post(self, request: Request, reference: str) -> Response:
        wish = StateWish(data=request.data)
        wish.is_valid(raise_exception=True)
        state = Listing.State(wish.validated_data["state"])
        listing = self.own_listing()
        with transaction.atomic():
            if state == Listing.State.ACTIVE:
                if listing.state == Listing.State.DRAFT:
                    _written(listing, {}, publish=True)
                _offered(offer, listing)
            elif not listing.move_to(state):
                said = _("It cannot go there from where it is: %(state)s.")
                raise Conflict(said % {"state": listing.get_state_display()})
            if state == Listing.State.SOLD:
                said = wish.validated_data
                Listing.objects.filter(pk=listing.pk).update(
                    sold_where=said.get("sold_where", Listing.SoldWhere.HERE),
                    sold_price=said.get("sold_price"),
                )
            listing_left(listing)
        return self.shown(listing)


class OwnListingRenewal(OwnListingsView):
    @extend_schema(
        summary="Offer it for its full time again",
        request=None,
        responses={200: OwnListing, **UNKNOWN, **MISSING, **CONFLICT},
        examples=[examples.OWN_LISTING],
        tags=["my listings"],
    )
    def post(self, request: Request, reference: str) -> Response:
        listing = self.own_listing()
        if listing.state not in {Listing.State.ACTIVE, Listing.State.EXPIRED}:
            raise Conflict(_("Only what is for sale or has expired can be renewed."))
        _offered(expiry.renew, listing)
        return self.shown(listing)


def _offered(step: Callable[[Listing], None], listing: Listing) -> None:
    try:
        step(listing)
    except NotOffered as reason:
        raise Conflict(str(reason)) from None


def _written(listing: Listing, fields: Any, *, publish: bool = False) -> Listing:
    """*listing* saved with *fields*, by the rules of the page on which sellers write."""
    words = ListingWords(data=fields)
    words.is_valid(raise_exception=True)
    publish = publish or listing.state != Listing.State.DRAFT
    form = ListingForm(instance=listing, publish=publish)
    given = words.validated_data
    typed = {name: form[name].value() for name in form.fields} | {
        name: value.pk if isinstance(value, Category) else value for name, value in given.items()
    }
    price = given.get("price", listing.price)
    is_negotiable = given.get("is_negotiable", listing.is_negotiable)
    kind = PriceKind.NEGOTIABLE if is_negotiable else PriceKind.FIXED
    typed |= {"price": price, "price_kind": PriceKind.FREE if price == 0 else kind}
    form = ListingForm(typed, instance=listing, publish=publish)
    if not form.is_valid():
        raise ValidationError(sentences(form))
    saved: Listing = form.save()
    return saved
