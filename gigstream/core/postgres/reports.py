"""The base of the unmanaged models over SQL views."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, ClassVar, NoReturn

from django.db import models

from gigstream.core.errors import GuardedWrite
from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import MoneyField


class Report(models.Model):
    """A row of a view. It is computed when it is read, so it can be neither saved nor deleted. `one_for_each`
    names the foreign key to the rows that have exactly one row here each: these are cheaper to count."""

    one_for_each: ClassVar[str] = ""

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        abstract = True
        managed = False
        default_permissions = ("view",)

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("saved")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse("deleted")

    def _refuse(self, verb: str) -> NoReturn:
        raise GuardedWrite(f"{self._meta.db_table} is a view: its rows cannot be {verb}")


def row_columns(row: Report, *, besides: Collection[str] = ()) -> dict[str, Any]:
    """Return the row's columns by name. Amounts stay exact; rates and points are text with their own
    decimals."""
    fields = [field for field in row._meta.concrete_fields if field.attname not in besides]
    return {field.attname: _plain_value(field, getattr(row, field.attname)) for field in fields}


def _plain_value(field: models.Field, value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) and not isinstance(field, MoneyField) else value
