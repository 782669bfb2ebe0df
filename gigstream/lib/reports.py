"""What the unmanaged models over SQL views share."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, ClassVar, NoReturn

from django.db import models

from gigstream.lib.errors import GuardedWrite
from gigstream.lib.models import GuardedQuerySet
from gigstream.lib.money import MoneyField


class Report(models.Model):
    """One row of a view. It is computed when it is read, so it can be neither saved nor deleted. Where every
    row that `one_for_each` refers to has exactly one here, those are counted in place of these."""

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


def columns_of(row: Report, *, besides: Collection[str] = ()) -> dict[str, Any]:
    """The row's columns by name. Amounts stay exact; rates and points are text with their own decimals."""
    fields = [field for field in row._meta.concrete_fields if field.attname not in besides]
    return {field.attname: _plain(field, getattr(row, field.attname)) for field in fields}


def _plain(field: models.Field, value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) and not isinstance(field, MoneyField) else value
