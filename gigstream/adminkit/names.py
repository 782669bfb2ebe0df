"""Names of rows of any kind with their references: those of all rows of a page are read by one statement."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, TextField, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.functions import Cast, JSONObject
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gigstream.adminkit.links import admin_url, isolate_text, shorten_id
from gigstream.core.people import masking
from gigstream.core.people.row_names import title_of

# A kind, as the audit log writes it, and an id.
Pair = tuple[str, str]
# Columns that hold a kind and an id as text, as in "worker:0192…".
ACTOR_COLUMNS = frozenset(
    {"approved_by", "caller", "off_by", "on_by", "requested_by", "signed_by", "triggered_by"}
)
# Pairs of columns that hold the kind and the id of a row.
_KIND_AND_ID = (
    ("actor_type", "actor_id"),
    ("resource_type", "resource_id"),
    ("subject_type", "subject_id"),
    ("receiver_type", "receiver_id"),
)
_MACHINES = {"system": "the system", "provider": "the provider"}
# Kinds that rows write otherwise than their models are called.
_OTHER_NAMES = {"staff": "user"}
_OF_PAGE = "_names_of_page"


@dataclass(frozen=True, slots=True)
class _Naming:
    model: type[models.Model]
    paths: tuple[str, ...]
    text: Callable[[Any], str]
    is_personal: bool


_namings: dict[str, _Naming] = {}


def name_rows_by(
    model: type[models.Model],
    *paths: str,
    text: Callable[[Any], str] | None = None,
    is_personal: bool = True,
) -> None:
    """Register the columns that the text of a model's rows is made of, as in "worker__full_name": where only
    kind and id are kept, rows are read with these columns and their reference alone. `text` returns another
    name than that of their own pages (`title_of`). Names that are not `is_personal`, as those of colleagues,
    are never masked."""
    own = {field.name for field in model._meta.concrete_fields}
    _namings[model._meta.model_name or ""] = _Naming(
        model, (*paths, *({"reference"} & own)), text or title_of, is_personal
    )


def pair_of(actor: str) -> Pair:
    """Return kind and id of an actor as in "staff:4"."""
    kind, _, key = actor.partition(":")
    return kind, key


def _plain_kind(kind: str) -> str:
    return _OTHER_NAMES.get(kind, kind.replace("_", ""))


def model_named(kind: str) -> type[models.Model] | None:
    """Return the model with pages that the audit log and approvals call so, as in "paymentswitch"."""
    plain = _plain_kind(kind)
    return next((model for model in admin.site._registry if model._meta.model_name == plain), None)


class Names:
    """Names of rows and actors, as texts and as links to their pages: read when the first is needed."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._pairs = pairs

    @cached_property
    def _found(self) -> dict[Pair, str]:
        return _read_names({(_plain_kind(kind), key) for kind, key in self._pairs if key})

    def link(self, kind: str, key: str) -> SafeString | str:
        """Return the name of the row or actor, linked to its page; kind and id where it has no name."""
        text = isolate_text(self.text(kind, key))
        model = model_named(kind)
        if model is None or _as_key(model, key) is None or self._is_gone(kind, key):
            return text
        return format_html('<a href="{}">{}</a>', admin_url(model(pk=key)), text)

    def _is_gone(self, kind: str, key: str) -> bool:
        """Whether the row would have a name if it were there."""
        return _plain_kind(kind) in _namings and not self.knows(kind, key)

    def knows(self, kind: str, key: str) -> bool:
        """Whether the row has a name."""
        return (_plain_kind(kind), key) in self._found

    def text(self, kind: str, key: str) -> str:
        """Return the name of the row or actor; kind and id where it has no name."""
        name = self._found.get((_plain_kind(kind), key))
        if name is not None:
            return name
        if kind in _MACHINES:
            return f"operator {key.rpartition(':')[2]}" if key else _MACHINES[kind]
        model = model_named(kind)
        words = str(model._meta.verbose_name) if model else kind.replace("_", " ")
        return f"{'staff' if kind == 'staff' else words} {shorten_id(key) or ''}".strip()

    def actor(self, actor: str) -> SafeString | str:
        """Return the name of an actor such as "worker:0192…", linked to their page."""
        return self.link(*pair_of(actor))


def share_names(rows: Iterable[Any]) -> None:
    """Let the rows of a page share the names of all rows and actors that they name."""
    shown = list(rows)
    names = Names(pair for row in shown for pair in _pairs_of(row))
    for row in shown:
        row.__dict__[_OF_PAGE] = names


def names_of(row: Any) -> Names:
    """Return the names of the rows that this row names, and that the others of its page name."""
    if _OF_PAGE not in row.__dict__:
        share_names([row])
    names: Names = row.__dict__[_OF_PAGE]
    return names


def _pairs_of(row: models.Model) -> Iterable[Pair]:
    options: Any = admin.site._registry.get(type(row))
    return options.named_pairs(row) if options else pairs_in_columns(row)


def pairs_in_columns(row: models.Model) -> Iterator[Pair]:
    """Yield the kinds and ids of rows and actors that the row's columns name."""
    columns = {field.name for field in row._meta.concrete_fields}
    for kind, key in _KIND_AND_ID:
        if kind in columns and key in columns:
            yield getattr(row, kind) or "", str(getattr(row, key) or "")
    for name in sorted(ACTOR_COLUMNS & columns):
        yield pair_of(getattr(row, name) or "")


def _read_names(pairs: set[Pair]) -> dict[Pair, str]:
    """Return the names of the rows by kind and id, as the viewer may see them, by a single statement."""
    queries = [
        _name_query(kind, naming, [key for one, key in pairs if one == kind])
        for kind, naming in sorted(_namings.items())
        if any(one == kind for one, _ in pairs)
    ]
    if not queries:
        return {}
    first, *others = queries
    found: dict[Pair, str] = {}
    for kind, key, values in first.union(*others, all=True) if others else first:
        naming = _namings[kind]
        with masking.hide_personal_data(naming.is_personal and masking.are_hidden()):
            found[kind, key] = naming.text(_row_of(naming.model, values)) or kind
    return found


def _name_query(kind: str, naming: _Naming, keys: list[str]) -> Any:
    known = [value for key in keys if (value := _as_key(naming.model, key)) is not None]
    columns = {
        "kind_": Value(kind, output_field=TextField()),
        "key_": Cast("pk", TextField()),
        "values_": JSONObject(**{path: F(path) for path in naming.paths}),
    }
    rows = naming.model._base_manager.filter(pk__in=known).order_by()
    return rows.annotate(**columns).values_list(*columns)


def _row_of(model: type[models.Model], values: Mapping[str, Any]) -> models.Model:
    """Return a row of the model with these columns alone, and with related rows of theirs."""
    related: dict[str, dict[str, Any]] = {}
    own: dict[str, Any] = {}
    for path, value in values.items():
        name, _, rest = path.partition(LOOKUP_SEP)
        if rest:
            related.setdefault(name, {})[rest] = value
        else:
            own[name] = masking.mask_value(name, value)
    names = [field.attname for field in model._meta.concrete_fields if field.attname in own]
    row = model.from_db(None, names, [own[name] for name in names])
    for name, found in related.items():
        if any(value is not None for value in found.values()):
            field: Any = model._meta.get_field(name)
            field.set_cached_value(row, _row_of(field.related_model, found))
    return row


def _as_key(model: type[models.Model], key: str) -> Any:
    """Return the id as the model's key has it; None for a text that is none."""
    try:
        return model._meta.pk.to_python(key) if key else None
    except (ValidationError, ValueError):
        return None
