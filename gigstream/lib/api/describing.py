"""Serializers that describe what is answered: the rows themselves are shown as they come."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from rest_framework import serializers

from gigstream.lib.api.fields import Amount, Choice, Day, Id, Instant, JSONObject, Text, Whole, YesNo
from gigstream.lib.money import MoneyField

Field = serializers.Field


class Rate(serializers.CharField):
    """A percentage or an average, as text with its decimals."""


def described(
    name: str,
    model: type[models.Model],
    columns: Iterable[str],
    **more: serializers.Field[Any, Any, Any, Any],
) -> type[serializers.Serializer]:
    """The form of rows of these columns of the model, and what else they hold; `more` goes before columns."""
    fields = {column: _field(model, column) for column in columns if column not in more} | more
    return type(name, (serializers.Serializer,), {**fields, "__doc__": f"One of the {_plural(model)}."})


def _plural(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name_plural)


def _field(model: type[models.Model], column: str) -> Field:
    named = {field.attname: field for field in model._meta.concrete_fields}
    source: Any = named[column]
    options: dict[str, Any] = {"allow_null": source.null}
    if source.help_text:
        options["help_text"] = source.help_text
    if isinstance(source, MoneyField) or isinstance(getattr(source, "output_field", None), MoneyField):
        return Amount(allow_zero=True, **options)
    if source.choices:
        return Choice(choices=[value for value, _ in source.choices], **options)
    kind = next(made for of, made in _KINDS if isinstance(source, of))
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
