"""Serializers that describe responses; the rows themselves are rendered without them."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from rest_framework import serializers

from gigstream.api.fields import Amount, Choice, Day, Id, Instant, JSONObject, Text, Whole, YesNo
from gigstream.core.money import MoneyField

Field = serializers.Field


class Rate(serializers.CharField):
    """A percentage or an average, as text with its decimals."""


def describe_rows(
    name: str,
    model: type[models.Model],
    columns: Iterable[str],
    **more: serializers.Field[Any, Any, Any, Any],
) -> type[serializers.Serializer]:
    """Return a serializer for rows with these columns of the model and the fields `more`, which replace
    columns of the same name."""
    fields = {column: _column_field(model, column) for column in columns if column not in more} | more
    return type(name, (serializers.Serializer,), {**fields, "__doc__": f"One of the {_plural_name(model)}."})


def _plural_name(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name_plural)


def _column_field(model: type[models.Model], column: str) -> Field:
    named = {field.attname: field for field in model._meta.concrete_fields}
    source: Any = named[column]
    # A generated column has the type and the nulls of what it holds.
    held: Any = source.output_field if isinstance(source, models.GeneratedField) else source
    options: dict[str, Any] = {"allow_null": held.null}
    if source.help_text:
        options["help_text"] = source.help_text
    if isinstance(held, MoneyField):
        return Amount(allow_zero=True, **options)
    if source.choices:
        # Without a null, the empty text says that none of them was chosen.
        none_of_them = [""] if source.blank and not held.null else []
        return Choice(choices=[value for value, _ in source.choices] + none_of_them, **options)
    kind = next(made for of, made in _KINDS if isinstance(held, of))
    if kind is Text:
        options["allow_blank"] = True
    return kind(**options)


_KINDS: tuple[tuple[Any, type[Field]], ...] = (
    (models.UUIDField, Id),
    (models.ForeignKey, Id),
    (models.DateTimeField, Instant),
    (models.DateField, Day),
    (models.JSONField, JSONObject),
    (models.BooleanField, YesNo),
    (models.IntegerField, Whole),
    (models.DecimalField, Rate),
    (models.CharField, Text),
    (models.TextField, Text),
)
