"""Displays of model fields on pages: a page names fields, and their types decide the display
(`display_for`)."""

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

from gigstream.adminkit.row_pages.words import label_of_column, words_of_column
from gigstream.core.encryption import EncryptedTextField
from gigstream.core.money import MoneyField, usdc
from gigstream.core.people import masking
from gigstream.core.people.staff_names import staff_name

_OTHER_NAMES = {"staff": "user"}
EMPTY = "–"  # noqa: RUF001 - a dash for people
# Words for the platform of rows that belong to the house where they name none.
OF_THE_HOUSE = {"platform": "the house"}
Display = Callable[[Any], Any]
Column = str | Display
# Columns that hold a kind and an id as text, as in "worker:0192…".
ACTOR_COLUMNS = frozenset(
    {"approved_by", "caller", "off_by", "on_by", "requested_by", "signed_by", "triggered_by"}
)
# Names of people, companies and their work, in any script.
NAME_COLUMNS = frozenset({"full_name", "worker_name", "name", "title"})
# Columns of text: the nonce of a transaction on chain is a number, and public.
SECRET_NAMES = frozenset({"password_hash", "secret_hash", "token_hash", "email_hash", "source_hash", "nonce"})


def admin_url(row: models.Model) -> str:
    """Return the address of the row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(str(row.pk))])


def list_url(model: type[models.Model], **query: object) -> str:
    """Return the address of the model's list, filtered by `query`."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(query)}" if query else path


def isolate_text(text: object) -> SafeString:
    """Return the text with its direction of writing isolated from the text around it."""
    return format_html("<bdi>{}</bdi>", text)


def link_to(row: models.Model | None, text: object = None) -> SafeString | str | None:
    """Return a link to the row's page, or None without a row."""
    if row is None:
        return None
    return format_html('<a href="{}">{}</a>', admin_url(row), isolate_text(row) if text is None else text)


def lines_as_html(lines: Iterable[tuple[str, str]]) -> SafeString:
    """Return labels and texts, a pair in each line."""
    return format_html_join("", "<div><strong>{}:</strong> {}</div>", lines)


def shorten_id(text: str | None) -> str | None:
    """Return the two ends of a long id or hash."""
    return f"{text[:8]}…{text[-6:]}" if text and len(text) > 20 else text


def link_by_kind(kind: str, key: str) -> SafeString | str:
    """Return the name of the actor or row of this kind and id, linked if its kind has pages; the row may be
    gone."""
    text = staff_name(key) if kind in {"staff", "user"} and key else f"{kind} {shorten_id(key) or ''}".strip()
    model = model_named(kind)
    return (link_to(model(pk=key), text) if model and key else None) or text


def model_named(name: str) -> type[models.Model] | None:
    """Return the model with pages whose name the audit log and approvals use, as in "paymentswitch"."""
    plain = _OTHER_NAMES.get(name, name.replace("_", ""))
    return next((model for model in admin.site._registry if model._meta.model_name == plain), None)


def actor_column(name: str, label: str) -> Display:
    """Make a column that shows an actor such as "worker:0192…"."""

    def show(row: Any) -> SafeString | str:
        kind, _, key = str(getattr(row, name)).partition(":")
        return link_by_kind(kind, key) or EMPTY

    return _name_display(show, name, label)


def _name_display(display: Display, name: str, label: str) -> Display:
    """Give the function the name and label that Django's admin reads."""
    display.__name__ = name
    display.short_description = label  # type: ignore[attr-defined]
    return display


def _follow_path(path: str, row: Any) -> Any:
    for name in path.split(LOOKUP_SEP):
        row = None if row is None else getattr(row, name)
    return row


def link_column(path: str, label: str = "", *, empty: str = EMPTY) -> Display:
    """Make a column that links to a related row; `path` may cross several, as in "stream__task"."""
    words = label or path.replace(LOOKUP_SEP, " ").replace("_", " ")
    return _name_display(lambda row: link_to(_follow_path(path, row)) or empty, path, words)


def amount_column(name: str, label: str) -> Display:
    """Make a column that shows an amount with its unit, which the row's `amount_text` knows."""

    def show(row: Any) -> str:
        value = getattr(row, name)
        return EMPTY if value is None else row.amount_text(value)

    return _name_display(show, name, label)


def money_column(path: str, label: str = "") -> Display:
    """Make a column that shows an amount as people read it, as in "12.50"."""

    def show(row: Any) -> str:
        value = _follow_path(path, row)
        return EMPTY if value is None else usdc(value).removesuffix(" USDC")

    return _name_display(show, path, label or f"{path.replace('_', ' ')} (USDC)")


def instant_column(path: str, label: str = "") -> Display:
    """Make a column that shows a time to the second, in UTC."""

    def show(row: Any) -> str:
        value: datetime | None = _follow_path(path, row)
        return EMPTY if value is None else f"{value:%Y-%m-%d %H:%M:%S}"

    return _name_display(show, path, label or path.replace("_", " "))


def date_column(name: str, label: str) -> Display:
    """Make a column that shows a date."""

    def show(row: Any) -> str:
        value = getattr(row, name)
        return EMPTY if value is None else value.isoformat()

    return _name_display(show, name, label)


def choice_column(name: str, label: str) -> Display:
    """Make a column that shows a choice as a coloured word."""

    def show(row: Any) -> SafeString | str:
        value = getattr(row, name)
        text = getattr(row, f"get_{name}_display")()
        return EMPTY if value is None else format_html('<span class="badge badge-{}">{}</span>', value, text)

    return _name_display(show, name, label)


def json_column(name: str, label: str) -> Display:
    """Make a column that shows JSON as indented text."""

    def show(row: Any) -> SafeString | str:
        value = getattr(row, name)
        return format_html('<pre class="json">{}</pre>', json.dumps(value, indent=2)) if value else EMPTY

    return _name_display(show, name, label)


def personal_column(name: str, label: str) -> Display:
    """Make a column that shows personal data to users who may see them, and masks them for others."""

    def show(row: Any) -> SafeString | str:
        value = masking.mask_value(name, getattr(row, name))
        return isolate_text(value) if value and name in NAME_COLUMNS else value or EMPTY

    return _name_display(show, name, label)


def name_column(name: str, label: str) -> Display:
    """Make a column that shows the name of a row."""

    def show(row: Any) -> SafeString | str:
        value = getattr(row, name)
        return isolate_text(value) if value else EMPTY

    return _name_display(show, name, label)


def words_column(name: str, label: str, words: Callable[[Any], str]) -> Display:
    """Make a column that shows its value in words."""

    def show(row: Any) -> str:
        value = getattr(row, name)
        return EMPTY if value is None else words(value)

    return _name_display(show, name, label_of_column(label))


@functools.cache
def display_for(model: type[models.Model], name: str, empty: str = EMPTY) -> Column:
    """Return the display of the model's field: a function of the row, or the bare name for Django's
    display. `empty` is the text of a foreign key without a row."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    label = str(getattr(field, "verbose_name", name))
    if name in masking.PERSONAL:
        return personal_column(name, label)
    if words := words_of_column(name, field):
        return words_column(name, label, words)
    match field:
        case MoneyField() if hasattr(model, "amount_text"):
            return amount_column(name, label)
        case models.GeneratedField(output_field=MoneyField()) | MoneyField():
            return money_column(name, f"{label} (USDC)")
        case models.DateTimeField():
            return instant_column(name, label)
        case models.DateField():
            return date_column(name, label)
        case models.JSONField():
            return json_column(name, label)
        case models.ForeignKey():
            return link_column(name, label, empty=empty)
        case models.CharField() if field.choices:
            return choice_column(name, label)
        case models.CharField() if name in ACTOR_COLUMNS:
            return actor_column(name, label)
        case models.CharField() if name in NAME_COLUMNS:
            return name_column(name, label)
    return name


def is_secret(field: Any) -> bool:
    """Whether the column is never shown and not even loaded for a page."""
    named = isinstance(field, models.CharField | models.TextField) and field.name in SECRET_NAMES
    return named or isinstance(field, EncryptedTextField)


def secret_columns(model: type[models.Model], path: str = "") -> list[str]:
    """Return the names of the secret columns of the model, or of the related model at the end of `path`."""
    for name in filter(None, path.split(LOOKUP_SEP)):
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    prefix = f"{path}{LOOKUP_SEP}" if path else ""
    return [prefix + field.name for field in model._meta.concrete_fields if is_secret(field)]
