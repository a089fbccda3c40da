"""Changing the keys: every sealed value is sealed anew under the newest of PHONE_NUMBER_KEYS.

What is still to be done shows in the values themselves, so a run that was killed is gone on
with by the next. Each value is written only if it is still the one that was read: the site
may go on writing meanwhile.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Count, QuerySet, TextField, Value
from django.db.models.functions import Cast, Left, StrIndex

from proxying.encryption import CannotUnseal, sealed_like_now
from proxying.fields import EncryptedPhoneNumberField


@dataclass(frozen=True)
class Progress:
    """How far one field is. *unopened* values are left as they were."""

    field: EncryptedPhoneNumberField
    done: int
    unopened: int
    total: int


def encrypted_fields() -> list[EncryptedPhoneNumberField]:
    """Of all models of the project."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedPhoneNumberField)
    ]


def reseal(field: EncryptedPhoneNumberField, *, batch: int) -> Iterator[Progress]:
    """Seals anew what is not sealed like now, *batch* rows at a time; says so after each."""
    waiting = _sealed(field).exclude(raw__startswith=sealed_like_now(with_secret=True))
    waiting = waiting.order_by("pk")
    done = unopened = 0
    total, rows = waiting.count(), list(waiting[:batch])
    while rows:
        for row in rows:
            try:
                done += _reseal(field, row)
            except CannotUnseal:
                unopened += 1
        yield Progress(field, done, unopened, total)
        rows = list(waiting.filter(pk__gt=rows[-1].pk)[:batch])


def use_of_keys() -> Counter[str]:
    """How many values are sealed under each key, by its id."""
    used: Counter[str] = Counter()
    for field in encrypted_fields():
        key_id = Left("raw", StrIndex("raw", Value(":")) - 1)
        counted = _sealed(field).order_by().values(key_id=key_id).annotate(n=Count("pk"))
        used.update({row["key_id"]: row["n"] for row in counted})
    return used


def _sealed(field: EncryptedPhoneNumberField) -> QuerySet[Any]:
    """The rows that have a value, with it as it lies there (*raw*)."""
    rows = field.model._base_manager.annotate(raw=Cast(field.name, TextField()))  # noqa: SLF001 (Django's way in)
    sealed: QuerySet[Any] = rows.filter(raw__isnull=False)
    return sealed


def _reseal(field: EncryptedPhoneNumberField, row: Any) -> bool:
    """False when somebody else has written the value meanwhile, which is sealed like now then."""
    anew = field.close(field.open(row.raw, row), row)
    return bool(_sealed(field).filter(pk=row.pk, raw=row.raw).update(**{field.name: anew}))
