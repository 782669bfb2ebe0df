"""Strict serializers and fields, which accept a single form of each value."""

import base64
import functools
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.validators import EmailValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from gigstream.api.rendering.json import dump_json
from gigstream.core import money
from gigstream.core.addresses import normal_contract
from gigstream.core.money import MICRO, InvalidAmount
from gigstream.core.people import emails, names
from gigstream.core.postgres.short_numbers import read_reference

_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d{1,6})?(?:(?<=\.\d{6})\d{0,26})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_WHOLE = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)
LARGEST_JSON = 16_384
# The most errors that a response names.
MOST_ERRORS = 10


@functools.cache
def _fields_of(form: type[serializers.Serializer]) -> Any:
    """Return the form's fields. Reading a value does not change them, so all requests share them."""
    fields: Any = serializers.Serializer.fields
    return fields.func(form())


class StrictSerializer(serializers.Serializer):
    """An object with these fields and no others."""

    @property
    def fields(self) -> Any:
        return _fields_of(type(self))

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = list(islice((name for name in data if name not in known), MOST_ERRORS))
            if unknown:
                raise serializers.ValidationError(dict.fromkeys(unknown, "unknown field"), code="unknown")
        return super().to_internal_value(data)


class NothingForm(StrictSerializer):
    """No input."""


class Text(serializers.CharField):
    """A JSON string."""

    default_error_messages = {"invalid": "must be a string"}

    def __init__(self, **kwargs: Any) -> None:
        shortest = {} if kwargs.get("allow_blank") else {"min_length": 1}
        super().__init__(**{"trim_whitespace": False, **shortest, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        # Before trimming: the documented length is that of the text sent.
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


@extend_schema_field({"type": "string", "contentEncoding": "base64", "pattern": _BASE64})
class Base64(serializers.Field):
    """Bytes as a JSON string in base64 (RFC 4648, section 4), of any length that the body may have."""

    default_error_messages = {"invalid": "must be a string in base64"}

    def to_internal_value(self, data: Any) -> bytes:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return base64.b64decode(data, validate=True)
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: bytes) -> str:
        return base64.b64encode(value).decode()


class WalletAddress(Text):
    """The address of a wallet or a contract; another text raises InvalidAddress. Whether anybody can hold it
    is for the services."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 42, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        normal_contract(text)
        return text


class Email(Text):
    """An email address, in its stored form."""

    def __init__(self, **kwargs: Any) -> None:
        # The stored form is checked again, by the rule that the API's description names.
        super().__init__(**{"max_length": emails.LONGEST, "validators": [EmailValidator()], **kwargs})

    def to_internal_value(self, data: Any) -> str:
        try:
            return emails.normal_email(super().to_internal_value(data))
        except emails.InvalidEmail as refusal:
            raise serializers.ValidationError(refusal.message, code=refusal.code) from refusal


class Name(Text):
    """A name or title: a single line of readable text, without blanks at its ends."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text and self.allow_blank:
            return text
        try:
            return names.normal_name(text)
        except names.InvalidName as refusal:
            raise serializers.ValidationError(refusal.message, code=refusal.code) from refusal


class ReferenceText(Text):
    """The reference of a row, as people write it; its prefix may be missing."""

    default_error_messages = {"not_a_reference": 'must be a reference, as "TA-7K3M2Q"'}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"max_length": 32, "help_text": 'by which people name it, as "TA-7K3M2Q"', **kwargs}
        )

    def to_internal_value(self, data: Any) -> Any:
        reference = read_reference(super().to_internal_value(data))
        if reference is None:
            self.fail("not_a_reference")
        return reference


class Amount(serializers.Field):
    """A USDC amount as a string with at most 6 decimals, above zero unless `allow_zero`."""

    def __init__(self, *, allow_zero: bool = False, **kwargs: Any) -> None:
        self.allow_zero = allow_zero
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str):
            raise serializers.ValidationError('an amount is a string, as in "12.50"', code="invalid")
        try:
            return money.exact_amount(data, allow_zero=self.allow_zero)
        except InvalidAmount as refusal:
            raise serializers.ValidationError(refusal.message, code=refusal.code) from refusal

    def to_representation(self, value: Decimal) -> str:
        return f"{value.quantize(MICRO):f}"


class Whole(serializers.IntegerField):
    """A JSON number without a fraction."""

    default_error_messages = {"invalid": "must be a whole number"}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class WrittenWhole(Whole):
    """A whole number in a query string, written in digits alone."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not _WHOLE.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class YesNo(serializers.BooleanField):
    """true or false."""

    default_error_messages = {"invalid": "must be true or false"}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Instant(serializers.DateTimeField):
    """A time in RFC 3339 with its offset, answered in UTC. Digits beyond microseconds are cut off."""

    default_error_messages = {"invalid": "must be a time in RFC 3339, as 2030-01-31T09:00:00Z"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})

    def to_internal_value(self, value: Any) -> datetime:
        found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.fail("invalid")
        to_microseconds = "".join(part or "" for part in found.groups()).upper()
        try:
            return datetime.fromisoformat(to_microseconds).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")


class Day(serializers.DateField):
    """A day of the calendar, as 2030-01-31."""

    default_error_messages = {"invalid": "must be a day, as 2030-01-31"}

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class Choice(serializers.ChoiceField):
    """A word out of the choices, exactly."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", input=str(data)[:60])
        return data


class Id(serializers.UUIDField):
    """A UUID as a string of 36 characters."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _UUID.fullmatch(data):
            self.fail("invalid", value=str(data)[:60])
        return UUID(data)


class JSONObject(serializers.JSONField):
    """A JSON object of the caller's own, stored unchanged."""

    default_error_messages = {"invalid": "must be an object", "large": "is larger than 16 kB"}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        if len(dump_json(data)) > LARGEST_JSON:
            self.fail("large")
        return data


class Items(serializers.ListField):
    """A list of 1 to `most` items, each of which the view validates by `form` on its own."""

    def __init__(self, form: type[serializers.Serializer], *, most: int, **kwargs: Any) -> None:
        self.form = form
        super().__init__(child=serializers.JSONField(), min_length=1, max_length=most, **kwargs)

    def __deepcopy__(self, memo: Any) -> "Items":
        return Items(self.form, most=self.max_length or 1)
