"""Base classes of the models of all apps."""

from typing import Any, ClassVar, NoReturn, Self, TypeVar

from django.db import models, transaction
from django.db.models.deletion import ProtectedError

from gigstream.core.clock import DatabaseNow, database_now
from gigstream.core.errors import GuardedWrite, HasMoneyHistory
from gigstream.core.ids import new_id
from gigstream.core.people.names import REFUSED_IN_SQL

M = TypeVar("M", bound=models.Model)


def is_readable(column: str) -> models.Q:
    """Return the condition that a name has no character that breaks its line or reverses its direction."""
    return ~models.Q(**{f"{column}__regex": REFUSED_IN_SQL})


def is_plain_email(column: str) -> models.Q:
    """Return the condition that an email address is in its stored form: ASCII, without blanks."""
    return models.Q(**{f"{column}__regex": "^[!-~]+$"})


class Sha256(models.Func):
    """SHA-256 of a text in UTF-8, as 64 hexadecimal digits. (Django's own needs an extension.)"""

    template = "encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"
    output_field = models.CharField()


def plain_columns(model: type[models.Model]) -> tuple[str, ...]:
    """Return the model's columns that are read without a conversion: neither encrypted nor JSON. A row that
    is loaded with these reads the others on first use."""
    return tuple(
        field.attname for field in model._meta.concrete_fields if not hasattr(field, "from_db_value")
    )


class CommonQuerySet(models.QuerySet[M]):
    """Methods of every model's queryset."""

    def locked(self) -> Self:
        """Lock the rows in primary key order, without blocking inserts of rows that refer to them."""
        return self.order_by("pk").select_for_update(of=("self",), no_key=True)

    def locked_alone(self) -> Self:
        """Lock the rows in primary key order, also against those who rely on their status (FOR KEY SHARE) and
        those who insert rows that refer to them: for a change of status and for a deletion."""
        return self.order_by("pk").select_for_update(of=("self",))


class GuardedQuerySet(CommonQuerySet[M]):
    """A queryset without bulk writes, which would bypass the rules; services use the `unguarded` manager."""

    def _refuse(self, verb: str) -> NoReturn:
        raise GuardedWrite(f"{self.model.__name__}.objects.{verb}() bypasses the rules: use a service")

    def update(self, **kwargs: Any) -> int:
        self._refuse("update")

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[M]:
        self._refuse("bulk_create")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        self._refuse("bulk_update")

    def delete(self) -> tuple[int, dict[str, int]]:
        self._refuse("delete")


class Common(models.Model):
    """A public row: a UUID key and the time it was made, which an import of past data may set."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)

    class Meta:
        abstract = True


class Changing(Common):
    """A public row that changes."""

    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class SoftDeletableQuerySet(CommonQuerySet[M]):
    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete each row, or anonymise it where money history protects it."""
        totals: dict[str, int] = {}
        for row in self:
            for label, count in row.delete()[1].items():
                totals[label] = totals.get(label, 0) + count
        return sum(totals.values()), totals


class SoftDeletable(Changing):
    """A person or company: where money history must outlive it, its deletion anonymises the row."""

    # Columns that only the rules of domain.md, section 5, write.
    DERIVED: ClassVar[frozenset[str]] = frozenset()

    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; leave the derived columns of a stored row alone, which may have moved since it was read."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            kept = self.DERIVED | self.get_deferred_fields() | {self._meta.pk.name}
            kwargs["update_fields"] = [
                field.name for field in self._meta.concrete_fields if field.name not in kept
            ]
        super().save(*args, **kwargs)

    def anonymise(self) -> None:
        """Overwrite every personal datum on this row (in memory)."""
        raise TypeError(f"{type(self).__name__} must define anonymise()")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row; where money history protects it, anonymise it and set `deleted_at` instead."""
        try:
            return self.hard_delete()
        except HasMoneyHistory:
            self.anonymise()
            self.deleted_at = self.deleted_at or database_now()
            self.save()
            return 0, {}

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Delete the row and all that hangs on it; raise HasMoneyHistory when ledger entries do."""
        try:
            with transaction.atomic():
                return super().delete()
        except ProtectedError as error:
            kinds = sorted({str(row._meta.verbose_name_plural) for row in error.protected_objects})
            raise HasMoneyHistory(
                f"{self} has money history ({', '.join(kinds)}) and cannot be deleted from the database",
                protected=len(error.protected_objects),
            ) from error
