"""Ends what is remembered of a seller's route before and after each change of what it says.

Hung onto the models' own saving and deleting, so that no writer can forget it. Only a query
that updates many rows goes past signals: the models' ``update`` sees to that itself.
"""

from typing import Any
from uuid import UUID

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from proxying import last_known_good
from proxying.models import Block, ReservedNumber, Seller


def connect() -> None:
    for model in (Block, ReservedNumber, Seller):
        pre_save.connect(_before, sender=model, dispatch_uid=f"route_before_{model.__name__}")
        post_save.connect(_after, sender=model, dispatch_uid=f"route_after_{model.__name__}")
    pre_delete.connect(_before, sender=Block, dispatch_uid="route_before_unblock")
    post_delete.connect(_after, sender=Block, dispatch_uid="route_after_unblock")


def _before(sender: Any, instance: Block | ReservedNumber | Seller, **kwargs: Any) -> None:
    last_known_good.begin_change(_numbers_of(instance, is_new=instance._state.adding))  # noqa: SLF001 (Django documents it)


def _after(
    sender: Any,
    instance: Block | ReservedNumber | Seller,
    created: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
    **kwargs: Any,
) -> None:
    last_known_good.end_change(_numbers_of(instance, is_new=created))


def _numbers_of(instance: Block | ReservedNumber | Seller, *, is_new: bool) -> list[str]:
    """Whose routes *instance* has a say in; of a new seller or number nothing is known yet."""
    match instance:
        case Block(seller_id=seller):
            return _of_seller(seller)
        case Seller(pk=seller) if not is_new:
            return _of_seller(seller)
        case ReservedNumber(proxy_identifier=str(number)) if not is_new:
            return [number]
        case _:
            return []


def _of_seller(seller: UUID) -> list[str]:
    numbers = ReservedNumber.objects.filter(
        seller=seller, status=ReservedNumber.Status.ACTIVE, proxy_identifier__isnull=False
    )
    return [str(number) for number in numbers.values_list("proxy_identifier", flat=True)]
