"""Columns that a database dump must not reveal: custody wallet ids, webhook secrets, keys of second factors.

A value is encrypted for one row and column: `table.primary key.column:` stands before it inside the
ciphertext, which Fernet authenticates, so a ciphertext that was copied to another row or column is refused.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models
from django.db.models.query_utils import DeferredAttribute


class Ciphertext(str):
    """An encrypted value as it stands in the database."""

    __slots__ = ()


@lru_cache(maxsize=4)
def _build_cipher(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty")
    return MultiFernet([Fernet(key) for key in keys])


def current_cipher() -> MultiFernet:
    """Return the cipher that encrypts with the first of FIELD_ENCRYPTION_KEYS and decrypts with any of
    them."""
    return _build_cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


class EncryptedAttribute(DeferredAttribute):
    """The value of one row, decrypted when it is read for the first time."""

    field: "EncryptedTextField"

    def __get__(self, row: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(row, cls)
        if isinstance(value, Ciphertext) and row is not None:
            value = row.__dict__[self.field.attname] = self.field.decrypt(value, row.pk)
        return value

    def __set__(self, row: models.Model, value: Any) -> None:
        row.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Text that is stored encrypted and bound to its row and column. It is written by saving its row and read
    from it: `update()`, filters other than "is empty" and `values()` know no plain text."""

    descriptor_class = EncryptedAttribute

    def decrypt(self, value: str, pk: Any) -> str:
        """Return the plain text. Raise ValueError for a value that was encrypted for another row or
        column."""
        text = current_cipher().decrypt(value.encode()).decode()
        binding = self._binding(pk)
        if not text.startswith(binding):
            raise ValueError(f"a value of another row or column was found in {binding.rstrip(':')}")
        return text.removeprefix(binding)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if value in (None, ""):
            return value
        return Ciphertext(
            current_cipher().encrypt((self._binding(model_instance.pk) + str(value)).encode()).decode()
        )

    def get_prep_value(self, value: Any) -> Any:
        if value in (None, "") or isinstance(value, Ciphertext):
            return value
        raise TypeError(f"{self.name} is encrypted for one row: save the row")

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return Ciphertext(value) if value else value

    def _binding(self, pk: Any) -> str:
        table = self.model._meta.db_table
        if pk is None:
            raise ValueError(f"{table} needs its primary key before {self.name} is encrypted")
        return f"{table}.{self.model._meta.pk.to_python(pk)}.{self.column}:"


def plain_text(model: type[models.Model], column: str, *, pk: Any, value: str) -> str:
    """Decrypt a value that `values()` read from an encrypted column of the row `pk`."""
    field: Any = model._meta.get_field(column)
    return str(field.decrypt(value, pk)) if value else value


def number_rows(rows: Iterable[models.Model]) -> None:
    """Give rows without a primary key the next numbers of their table, before they are inserted: an encrypted
    column needs its row's key."""
    for row in rows:
        if row.pk is None:
            column = row._meta.pk.column
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s))", [row._meta.db_table, column])
                (row.pk,) = cursor.fetchone()


class Rotated(NamedTuple):
    """Outcome of a batch of a rotation: rows read, values encrypted anew, the last row's key."""

    rows: int
    encrypted: int
    last: Any


def encrypted_fields(model: type[models.Model]) -> list[EncryptedTextField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]


def rotate_batch(model: type[models.Model], *, after: Any, size: int) -> Rotated:
    """Encrypt the values of the next rows with the first key where another key was used, a statement each. A
    value that changes meanwhile stays as its writer left it, who had the first key as well.

    Raise InvalidToken for a value that none of the keys opens, ValueError for a value of another row.
    """
    fields = encrypted_fields(model)
    rows = model._base_manager.order_by("pk").only("pk", *(field.attname for field in fields))
    batch = list(rows[:size] if after is None else rows.filter(pk__gt=after)[:size])
    encrypted = sum(_rotate_value(row, field) for row in batch for field in fields)
    return Rotated(len(batch), encrypted, batch[-1].pk if batch else after)


def has_first_key(row: models.Model, column: str) -> bool:
    """Whether the value of an encrypted column, which nobody has read since the row was loaded, is encrypted
    with the first key."""
    return _is_current(row.__dict__[column])


def _rotate_value(row: models.Model, field: EncryptedTextField) -> bool:
    stored = row.__dict__[field.attname]
    if not isinstance(stored, Ciphertext) or _is_current(stored):
        return False
    setattr(row, field.attname, field.decrypt(stored, row.pk))
    new = field.pre_save(row, False)
    with connection.cursor() as cursor:
        quoted = connection.ops.quote_name
        cursor.execute(
            f"UPDATE {quoted(row._meta.db_table)} SET {quoted(str(field.column))} = %s"  # noqa: S608 - our names
            f" WHERE {quoted(str(row._meta.pk.column))} = %s AND {quoted(str(field.column))} = %s",
            [str(new), row.pk, str(stored)],
        )
        return cursor.rowcount == 1


def _is_current(value: str) -> bool:
    try:
        Fernet(settings.FIELD_ENCRYPTION_KEYS[0]).decrypt(value.encode())
    except InvalidToken:
        return False
    return True
