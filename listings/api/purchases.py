"""Purchases in which a person buys or sells. Another's is a 404; a step that cannot be, a 409."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from listings.api import examples
from listings.api.representations import absolute
from listings.api.schema import CONFLICT, FORBIDDEN, MISSING, UNKNOWN, WRONG
from listings.api.views import Conflict, PersonalView
from listings.models import Listing, Purchase
from listings.purchasing import deciding, ending, rating, requesting
from listings.purchasing.forms import refuse_contact_data
from listings.purchasing.locking import Refused


class PurchasedListing(serializers.ModelSerializer[Listing]):
    """The item, in short."""

    class Meta:
        model = Listing
        fields = ("reference", "title", "price", "state")
        read_only_fields = fields


class PurchaseItem(serializers.ModelSerializer[Purchase]):
    """A purchase, as the person who asks takes part in it.

    `ended_by` is who declined or called it off; empty when neither did.
    """

    listing = PurchasedListing(read_only=True)
    role = serializers.SerializerMethodField(help_text="What you are in it.")
    url = serializers.SerializerMethodField(help_text="The page for people.")

    class Meta:
        model = Purchase
        fields = (
            "id",
            "listing",
            "role",
            "buyer_name",
            "note",
            "price",
            "state",
            "requested_at",
            "accepted_at",
            "held_until",
            "buyer_confirmed_at",
            "seller_confirmed_at",
            "ended_at",
            "ended_by",
            "url",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(["buyer", "seller"]))
    def get_role(self, purchase: Purchase) -> str:
        return "buyer" if purchase.buyer_id == self.context["request"].user.pk else "seller"

    def get_url(self, purchase: Purchase) -> str:
        return absolute(purchase.get_absolute_url())


class PurchaseWish(serializers.Serializer[Any]):
    """What a buyer asks for. The asking price unless another is offered."""

    listing = serializers.CharField(max_length=8, help_text="Its `reference`.")
    buyer_name = serializers.CharField(max_length=60, validators=[refuse_contact_data])
    note = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        default="",
        validators=[refuse_contact_data],
    )
    price = serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=Decimal(0), required=False
    )


class Acceptance(serializers.Serializer[Any]):
    days = serializers.IntegerField(
        min_value=deciding.MIN_DAYS,
        max_value=deciding.MAX_DAYS,
        required=False,
        help_text="How long the item is reserved.",
    )


class RatingWish(serializers.Serializer[Any]):
    stars = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        default="",
        validators=[refuse_contact_data],
    )


class PurchaseView(PersonalView):
    serializer_class: Any = PurchaseItem

    def mine(self) -> QuerySet[Purchase]:
        return Purchase.objects.of(self.person.pk).select_related("listing__seller")

    def one_of_mine(self) -> Purchase:
        return get_object_or_404(self.mine(), pk=self.kwargs["pk"])

    def shown(self, purchase: Purchase, code: int = status.HTTP_200_OK) -> Response:
        """*purchase* as the database has it now."""
        fresh = self.mine().get(pk=purchase.pk)
        return Response(self.get_serializer(fresh).data, status=code)


class Purchases(PurchaseView, ListAPIView[Purchase]):
    def get_queryset(self) -> QuerySet[Purchase]:
        return self.mine().order_by("-requested_at", "-id")

    @extend_schema(
        summary="My purchases and sales",
        responses={200: PurchaseItem(many=True), **WRONG, **UNKNOWN},
        examples=[examples.PURCHASE],
        tags=["purchases"],
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        summary="Ask to buy",
        description="409, with the reason, for what you cannot buy now.",
        request=PurchaseWish,
        responses={201: PurchaseItem, **WRONG, **UNKNOWN, **MISSING, **CONFLICT},
        examples=[examples.PURCHASE_WISH, examples.PURCHASE],
        tags=["purchases"],
    )
    def post(self, request: Request) -> Response:
        wish = PurchaseWish(data=request.data)
        wish.is_valid(raise_exception=True)
        given = wish.validated_data
        listing = get_object_or_404(
            requesting.askable(self.person), reference=given["listing"].upper()
        )
        try:
            purchase = requesting.request(
                listing,
                self.person,
                name=given["buyer_name"],
                price=given.get("price", listing.price or Decimal(0)),
                note=given["note"],
            )
        except Refused as refusal:
            raise Conflict(str(refusal)) from None
        return self.shown(purchase, status.HTTP_201_CREATED)


@extend_schema(
    summary="One of my purchases or sales",
    responses={200: PurchaseItem, **UNKNOWN, **MISSING},
    examples=[examples.PURCHASE],
    tags=["purchases"],
)
class OnePurchase(PurchaseView, RetrieveAPIView[Purchase]):
    def get_object(self) -> Purchase:
        return self.one_of_mine()


_STEP: Any = {
    "responses": {200: PurchaseItem, **WRONG, **UNKNOWN, **FORBIDDEN, **MISSING, **CONFLICT},
    "examples": [examples.PURCHASE],
    "tags": ["purchases"],
}


class PurchaseStep(PurchaseView):
    """One step. Those that only the seller takes are a 403 for the buyer."""

    wish_class: type[serializers.Serializer[Any]] = serializers.Serializer
    for_seller_alone = False

    def take(self, purchase: Purchase, wish: dict[str, Any], *, by_buyer: bool) -> None:
        raise NotImplementedError

    def post(self, request: Request, pk: Any) -> Response:
        purchase = self.one_of_mine()
        by_buyer = purchase.buyer_id == self.person.pk
        if by_buyer and self.for_seller_alone:
            raise PermissionDenied(_("Only the seller can do this."))
        wish = self.wish_class(data=request.data)
        wish.is_valid(raise_exception=True)
        try:
            self.take(purchase, wish.validated_data, by_buyer=by_buyer)
        except Refused as refusal:
            raise Conflict(str(refusal)) from None
        return self.shown(purchase)


@extend_schema(summary="Accept and reserve", request=Acceptance, **_STEP)
class Accept(PurchaseStep):
    wish_class = Acceptance
    for_seller_alone = True

    def take(self, purchase: Purchase, wish: dict[str, Any], *, by_buyer: bool) -> None:
        deciding.accept(purchase, wish.get("days"))


@extend_schema(summary="Decline", request=None, **_STEP)
class Decline(PurchaseStep):
    for_seller_alone = True

    def take(self, purchase: Purchase, wish: dict[str, Any], *, by_buyer: bool) -> None:
        deciding.decline(purchase)


@extend_schema(summary="Call it off", request=None, **_STEP)
class Cancel(PurchaseStep):
    def take(self, purchase: Purchase, wish: dict[str, Any], *, by_buyer: bool) -> None:
        ending.cancel(purchase, by_buyer=by_buyer)


@extend_schema(summary="Confirm that it changed hands", request=None, **_STEP)
class Confirm(PurchaseStep):
    def take(self, purchase: Purchase, wish: dict[str, Any], *, by_buyer: bool) -> None:
        ending.confirm(purchase, by_buyer=by_buyer)


@extend_schema(summary="Rate the other side, once", request=RatingWish, **_STEP)
class Rate(PurchaseStep):
    wish_class = RatingWish

    def take(self, purchase: Purchase, wish: dict[str, Any], *, by_buyer: bool) -> None:
        rating.rate(purchase, by_buyer=by_buyer, **wish)
