"""Displays of model fields on pages: a page names fields, and their types decide the display
(`display_for`)."""

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from gigstream.core.encryption import EncryptedTextField
from gigstream.core.money import MoneyField, usdc
from gigstream.core.people import masking
from gigstream.core.people.row_names import known_names
from gigstream.core.people.staff_names import is_known_member, staff_name

_OTHER_NAMES = {"staff": "user"}
_OF_STAFF = frozenset(["staff", "user"])
# Pairs of columns that hold the kind and the id of a row.
_KIND_AND_ID = (
    ("actor_type", "actor_id"),
    ("resource_type", "resource_id"),
    ("subject_type", "subject_id"),
    ("receiver_type", "receiver_id"),
)
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
# Pages of a block explorer, by the length of what they show.
_EXPLORED = {66: "tx", 42: "address"}
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
    return format_html_join("", "<div><strong>{}:</strong> <bdi>{}</bdi></div>", lines)


def shorten_id(text: str | None) -> str | None:
    """Return the two ends of a long id or hash."""
    return f"{text[:8]}…{text[-6:]}" if text and len(text) > 20 else text


def title_of(row: models.Model) -> str:
    """Return the name of the row with its reference, as in "David Wilson · WK-7K3M2Q"."""
    name, reference = str(row), getattr(row, "reference", "")
    return name if not reference or str(reference) in name else f"{name} · {reference}"


def link_by_kind(kind: str, key: str) -> SafeString | str:
    """Return the name of the actor or row of this kind and id, linked if its kind has pages and it has one.

    A page that shows many reads their names beforehand (`read_names`); the row may be gone.
    """
    model = _model_named(kind)
    if kind in _OF_STAFF:
        return _link_to_member(model, key)
    short = f"{kind} {shorten_id(key) or ''}".strip()
    if model is None or not key:
        return short
    names = known_names()
    if (kind, key) not in names:
        names |= read_names([(kind, key)])
    name = names.get((kind, key))
    return short if name is None else link_to(model(pk=key), isolate_text(name)) or name


def _link_to_member(model: type[models.Model] | None, key: str) -> SafeString | str:
    """Return the name of a member of staff; names that no account has, as "demo", lead nowhere."""
    text = staff_name(key) if key else "staff"
    return (link_to(model(pk=key), text) if model and is_known_member(key) else None) or text


def read_names(named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str | None]:
    """Read the names of rows that are named by kind and id, by a statement for each kind, and keep them for
    the request. None stands for a row that is gone."""
    names = known_names()
    keys: dict[str, set[str]] = {}
    for kind, key in named:
        if kind not in _OF_STAFF and key and (kind, key) not in names and _model_named(kind):
            keys.setdefault(kind, set()).add(key)
    found: dict[tuple[str, str], str | None] = {}
    for kind, wanted in keys.items():
        found |= {(kind, key): None for key in wanted}
        found |= {(kind, str(row.pk)): title_of(row) for row in _rows_by_key(kind, wanted)}
    names |= found
    return found


def _rows_by_key(kind: str, keys: Iterable[str]) -> Iterable[models.Model]:
    model: Any = _model_named(kind)
    fitting = []
    for key in keys:
        with suppress(ValidationError):
            fitting.append(model._meta.pk.to_python(key))
    options: Any = admin.site._registry[model]
    related = options.list_select_related or ()
    hidden = [*secret_columns(model), *(one for path in related for one in secret_columns(model, path))]
    rows = model._default_manager.select_related(*related).defer(*hidden)
    return rows.filter(pk__in=fitting) if fitting else []


def names_in(rows: Iterable[models.Model]) -> Iterator[tuple[str, str]]:
    """Yield the kinds and ids by which these rows name others and actors."""
    for row in rows:
        columns = {field.name for field in row._meta.concrete_fields}
        for kind, key in _KIND_AND_ID:
            if kind in columns and key in columns:
                yield getattr(row, kind), str(getattr(row, key))
        for name in ACTOR_COLUMNS & columns:
            kind, _, key = str(getattr(row, name)).partition(":")
            yield kind, key


def _model_named(name: str) -> type[models.Model] | None:
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


def copy_button(text: str, what: str) -> SafeString:
    """Return a button that copies the text (`copy.js`)."""
    return format_html(
        '<button type="button" class="copy" data-copy="{}" aria-label="Copy {}" title="Copy">'
        '<span class="material-symbols-outlined" aria-hidden="true">content_copy</span></button>',
        text,
        what,
    )


def explorer_link(text: str) -> SafeString | str:
    """Return a link to a transaction hash or an address in the block explorer, if one is set."""
    kind = _EXPLORED.get(len(text)) if text.startswith("0x") else None
    if not settings.EXPLORER_URL or kind is None:
        return ""
    return format_html(
        '<a href="{}/{}/{}" target="_blank" rel="noopener noreferrer">in the block explorer</a>',
        settings.EXPLORER_URL,
        kind,
        text,
    )


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
