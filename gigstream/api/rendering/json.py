"""The renderer of JSON responses."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.db import models
from rest_framework.renderers import BaseRenderer

from gigstream.core.money import MICRO

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_SUBCLASS


def dump_json(value: Any) -> bytes:
    """Return the value as JSON: amounts as text with six decimals, times in RFC 3339 and UTC."""
    return orjson.dumps(value, default=_plain_value, option=_OPTIONS)


def dump_canonical(value: Any) -> bytes:
    """Return the value as JSON with sorted names."""
    return orjson.dumps(value, default=_plain_value, option=_OPTIONS | orjson.OPT_SORT_KEYS)


def _plain_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.quantize(MICRO):f}"
    if isinstance(value, models.TextChoices | str):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, int):
        return int(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


class JSONRenderer(BaseRenderer):
    """A renderer with orjson."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else dump_json(data)
