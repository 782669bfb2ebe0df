"""Displays of model fields on pages: a page names fields, and their types decide the display
(`display_for`)."""

import functools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gigstream.adminkit.links import copy_button, explorer_link, isolate_text, link_to
from gigstream.adminkit.names import ACTOR_COLUMNS, names_of
from gigstream.adminkit.row_pages.words import label_of_column, words_of_column
from gigstream.core.encryption import EncryptedTextField
from gigstream.core.money import MoneyField, usdc
from gigstream.core.people import masking

EMPTY = "–"  # noqa: RUF001 - a dash for people
# Words for the platform of rows that belong to the house where they name none.
OF_THE_HOUSE = {"platform": "the house"}
Display = Callable[[Any], Any]
Column = str | Display
# Names of people, companies and their work, in any script.
NAME_COLUMNS = frozenset({"full_name", "worker_name", "name", "title"})
# Columns whose values people copy from a row's page.
COPIED_COLUMNS = frozenset(
    {
        "id",
        "reference",
        "tx_hash",
        "from_wallet",
        "to_wallet",
        "wallet_address",
        "address",
        "token_address",
        "contract_address",
        "circle_tx_id",
        "idempotency_key",
    }
)
# Columns of text: the nonce of a transaction on chain is a number, and public.
SECRET_NAMES = frozenset({"password_hash", "secret_hash", "token_hash", "email_hash", "source_hash", "nonce"})


def actor_column(name: str, label: str) -> Display:
    """Make a column that shows an actor such as "worker:0192…"."""

    def show(row: Any) -> SafeString | str:
        actor = getattr(row, name)
        return names_of(row).actor(actor) if actor else EMPTY

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
def copied_column(name: str, label: str) -> Display:
    """Make a column that shows an id, a reference, a hash or an address with a button that copies it, and
    with its link to the block explorer."""

    def show(row: Any) -> SafeString | str:
        value = str(getattr(row, name) or "")
        if not value:
            return EMPTY
        visible = masking.mask_value(name, value)
        if visible != value:
            return str(visible)
        return format_html(
            '<span class="copied"><bdi>{}</bdi> {} {}</span>',
            value,
            copy_button(value, label),
            explorer_link(value),
        )

    return _name_display(show, name, label)


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
