"""Model fields for a private phone number: sealed for its row, and found by a blind index.

Each number is sealed with the secret of the person whose it is: an *owner*, a model that
answers ``secret()`` and ``secret_or_new()``.
"""

from typing import TYPE_CHECKING, Any, Protocol, cast

from django.core.exceptions import FieldError
from django.db import models

from proxying.encryption import blind_index, needs_secret, seal, unseal
from proxying.phone_numbers import PhoneNumber

if TYPE_CHECKING:
    # Generic for the type checker only.
    _TextField = models.TextField[PhoneNumber | None, PhoneNumber | None]
    _CharField = models.CharField[str | None, str | None]
else:
    _TextField, _CharField = models.TextField, models.CharField


class Owner(Protocol):
    """Whose numbers these are. Without the secret none of them opens."""

    def secret(self) -> bytes | None:
        """None when it is destroyed, or was never made."""

    def secret_or_new(self) -> bytes:
        """Made, and kept, when there is none."""


class _Sealed(str):
    """A value as it lies in the database, not yet opened."""

    __slots__ = ()


class _OpensOnRead:
    """The attribute on the model: opens what the database gave when somebody asks for it."""

    def __init__(self, field: "EncryptedPhoneNumberField") -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, _Sealed):
            value = self.field.open(value, instance)
            instance.__dict__[name] = value
        return value

    def __set__(self, instance: models.Model, value: PhoneNumber | _Sealed | None) -> None:
        if not isinstance(value, PhoneNumber | _Sealed | None):
            raise TypeError(f"{self.field.name} takes a PhoneNumber or None")
        instance.__dict__[self.field.attname] = value


class EncryptedPhoneNumberField(_TextField):
    """A ``PhoneNumber``, kept as ciphertext bound to table, row and field, and to its owner.

    *owner* names the foreign key to the owner; without it the row itself is the owner. The
    row must know its primary key before it is saved (a UUID default does). It cannot be
    filtered on: every sealing of one number is different. Filter on its blind index.
    """

    def __init__(self, *args: Any, owner: str = "", **kwargs: Any) -> None:
        self.owner = owner
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, **({"owner": self.owner} if self.owner else {})}

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:  # noqa: FBT001, FBT002 (Django's signature)
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _OpensOnRead(self))

    def place(self, instance: models.Model) -> str:
        return f"{instance._meta.db_table}.{instance.pk}.{self.column}"

    def owner_of(self, instance: models.Model) -> Owner:
        return cast(Owner, getattr(instance, self.owner) if self.owner else instance)

    def open(self, sealed: str, instance: models.Model) -> PhoneNumber:
        """The number that lies in *instance*'s row as *sealed*; ``CannotUnseal`` otherwise."""
        secret = self.owner_of(instance).secret() if needs_secret(sealed) else None
        return PhoneNumber(unseal(sealed, place=self.place(instance), secret=secret))

    def close(self, number: PhoneNumber, instance: models.Model) -> str:
        """*number* as it lies in *instance*'s row."""
        secret = self.owner_of(instance).secret_or_new()
        return seal(number.reveal(), place=self.place(instance), secret=secret)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> _Sealed | None:
        return None if value is None else _Sealed(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:  # noqa: FBT001 (Django's signature)
        value = getattr(model_instance, self.attname)
        return None if value is None else self.close(value, model_instance)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        # What dumpdata writes: the ciphertext's shadow, never the number.
        return str(self.value_from_object(obj) or "")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted: filter on its blind index instead")


class BlindIndexField(_CharField):
    """``blind_index`` of the number in the field named *source*, kept in step at each save."""

    def __init__(self, *args: Any, source: str, **kwargs: Any) -> None:
        self.source = source
        super().__init__(*args, **{"max_length": 64, "editable": False, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:  # noqa: FBT001 (Django's signature)
        number: PhoneNumber | None = getattr(model_instance, self.source)
        index = None if number is None else blind_index(number.reveal())
        setattr(model_instance, self.attname, index)
        return index
