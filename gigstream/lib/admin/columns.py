"""How values are shown: a page names model fields, and how each is shown follows from its type (`shown`)."""

import functools
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from gigstream.lib import masking
from gigstream.lib.encryption import EncryptedTextField
from gigstream.lib.money import MoneyField, usdc
from gigstream.lib.staff import staff_name

_OTHER_NAMES = {"staff": "user"}
EMPTY = "–"  # noqa: RUF001 - a dash for people
Display = Callable[[Any], Any]
Column = str | Display
# Columns that hold a kind and an id as text, as in "worker:0192…".
PARTIES = frozenset({"approved_by", "caller", "off_by", "on_by", "requested_by", "signed_by", "triggered_by"})
# What people, companies and their work are called, in any script.
CALLED = frozenset({"full_name", "worker_name", "name", "title"})
SECRET_NAMES = frozenset({"password_hash", "secret_hash", "token_hash", "email_hash", "source_hash", "nonce"})


def admin_url(row: models.Model) -> str:
    """The address of the row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(str(row.pk))])


def list_url(model: type[models.Model], **query: object) -> str:
    """The address of the model's list, filtered by `query`."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(query)}" if query else path


def isolated(text: object) -> SafeString:
    """Return the text so that its direction of writing leaves what stands around it alone."""
    return format_html("<bdi>{}</bdi>", text)


def link(row: models.Model | None, text: object = None) -> SafeString | str | None:
    """A link to the row's page, or nothing where there is no row."""
    if row is None:
        return None
    return format_html('<a href="{}">{}</a>', admin_url(row), isolated(row) if text is None else text)


def lines_as_html(lines: Iterable[tuple[str, str]]) -> SafeString:
    """Return labels and texts, one pair a line."""
    return format_html_join("", "<div><strong>{}:</strong> {}</div>", lines)


def shorter(text: str | None) -> str | None:
    """The two ends of a long id or hash."""
    return f"{text[:8]}…{text[-6:]}" if text and len(text) > 20 else text


def party(kind: str, key: str) -> SafeString | str:
    """Whoever or whatever is named by kind and id, linked where there are pages of that kind; the row may be
    gone."""
    text = staff_name(key) if kind in {"staff", "user"} and key else f"{kind} {shorter(key) or ''}".strip()
    model = _model_called(kind)
    return (link(model(pk=key), text) if model and key else None) or text


def _model_called(name: str) -> type[models.Model] | None:
    plain = _OTHER_NAMES.get(name, name.replace("_", ""))
    return next((model for model in admin.site._registry if model._meta.model_name == plain), None)


def parties(name: str, label: str) -> Display:
    """A column that shows a party that is written as text."""

    def show(row: Any) -> SafeString | str:
        kind, _, key = str(getattr(row, name)).partition(":")
        return party(kind, key) or EMPTY

    return _named(show, name, label)


def _named(display: Display, name: str, label: str) -> Display:
    """Give the function what Django's admin reads from it."""
    display.__name__ = name
    display.short_description = label  # type: ignore[attr-defined]
    return display


def _at(path: str, row: Any) -> Any:
    for name in path.split(LOOKUP_SEP):
        row = None if row is None else getattr(row, name)
    return row


def linked(path: str, label: str = "") -> Display:
    """A column that links to a related row; `path` may cross several, as in "stream__task"."""
    words = label or path.replace(LOOKUP_SEP, " ").replace("_", " ")
    return _named(lambda row: link(_at(path, row)) or EMPTY, path, words)


def money(path: str, label: str = "") -> Display:
    """A column that shows an amount as people read it, as in "12.50"."""

    def show(row: Any) -> str:
        value = _at(path, row)
        return EMPTY if value is None else usdc(value).removesuffix(" USDC")

    return _named(show, path, label or f"{path.replace('_', ' ')} (USDC)")


def instant(path: str, label: str = "") -> Display:
    """A column that shows a time to the second, in UTC."""

    def show(row: Any) -> str:
        value: datetime | None = _at(path, row)
        return EMPTY if value is None else f"{value:%Y-%m-%d %H:%M:%S}"

    return _named(show, path, label or path.replace("_", " "))


def day(name: str, label: str) -> Display:
    """A column that shows a date."""

    def show(row: Any) -> str:
        value = getattr(row, name)
        return EMPTY if value is None else value.isoformat()

    return _named(show, name, label)


def badge(name: str, label: str) -> Display:
    """A column that shows a choice as a coloured word."""

    def show(row: Any) -> SafeString | str:
        value = getattr(row, name)
        text = getattr(row, f"get_{name}_display")()
        return EMPTY if value is None else format_html('<span class="badge badge-{}">{}</span>', value, text)

    return _named(show, name, label)


def pretty(name: str, label: str) -> Display:
    """A column that shows JSON as indented text."""

    def show(row: Any) -> SafeString | str:
        value = getattr(row, name)
        return format_html('<pre class="json">{}</pre>', json.dumps(value, indent=2)) if value else EMPTY

    return _named(show, name, label)


def personal(name: str, label: str) -> Display:
    """A column that shows personal data to those who may see them, and what is left of them to others."""

    def show(row: Any) -> SafeString | str:
        value = masking.value(name, getattr(row, name))
        return isolated(value) if value and name in CALLED else value or EMPTY

    return _named(show, name, label)


def called(name: str, label: str) -> Display:
    """A column that shows what a row is called."""

    def show(row: Any) -> SafeString | str:
        value = getattr(row, name)
        return isolated(value) if value else EMPTY

    return _named(show, name, label)


@functools.cache
def shown(model: type[models.Model], name: str) -> Column:
    """How the model's field is shown: a function of the row, or the bare name where Django does well."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    label = str(getattr(field, "verbose_name", name))
    if name in masking.PERSONAL:
        return personal(name, label)
    match field:
        case models.GeneratedField(output_field=MoneyField()) | MoneyField():
            return money(name, f"{label} (USDC)")
        case models.DateTimeField():
            return instant(name, label)
        case models.DateField():
            return day(name, label)
        case models.JSONField():
            return pretty(name, label)
        case models.ForeignKey():
            return linked(name, label)
        case models.CharField() if field.choices:
            return badge(name, label)
        case models.CharField() if name in PARTIES:
            return parties(name, label)
        case models.CharField() if name in CALLED:
            return called(name, label)
    return name


def is_secret(field: Any) -> bool:
    """Whether the column is never shown and not even loaded for a page."""
    return isinstance(field, EncryptedTextField) or field.name in SECRET_NAMES


def secrets(model: type[models.Model], path: str = "") -> list[str]:
    """The names of the secret columns of the model, or of the one that `path` leads to from it."""
    for name in filter(None, path.split(LOOKUP_SEP)):
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    prefix = f"{path}{LOOKUP_SEP}" if path else ""
    return [prefix + field.name for field in model._meta.concrete_fields if is_secret(field)]
