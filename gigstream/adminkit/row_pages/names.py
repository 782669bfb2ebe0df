"""Names of rows of any kind, read for all rows of a page by one statement."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, TextField, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.views import ChangeList

from gigstream.adminkit.columns import admin_url, isolate_text, shorten_id
from gigstream.core.people import masking

# A kind, as the audit log writes it, and an id.
Pair = tuple[str, str]
_MACHINES = {"system": "the system", "provider": "the provider"}
_OF_PAGE = "_names_of_page"


# Kinds that rows write otherwise than their models are called.
_OTHER_NAMES = {"staff": "user"}
MOST_PATHS = 3


@dataclass(frozen=True, slots=True)
class _Naming:
    model: type[models.Model]
    paths: tuple[str, ...]
    form: Callable[..., str]


_namings: dict[str, _Naming] = {}


def name_rows_by(
    model: type[models.Model], *paths: str, form: Callable[..., str] = lambda name: name
) -> None:
    """Register the columns that name the rows of a model, as in "worker__full_name", at most `MOST_PATHS`;
    `form` makes the name of the row out of their texts."""
    _namings[model._meta.model_name or ""] = _Naming(model, paths, form)


def _plain_kind(kind: str) -> str:
    return _OTHER_NAMES.get(kind, kind.replace("_", ""))


def _listed_model(plain: str) -> type[models.Model] | None:
    """Return the model of that kind, if its rows have pages."""
    return next((model for model in admin.site._registry if model._meta.model_name == plain), None)


class Names:
    """Names of rows and actors, as links to their pages."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._found = _read_names({(_plain_kind(kind), key) for kind, key in pairs if key})

    def link(self, kind: str, key: str) -> SafeString | str:
        """Return the name of the row or actor, linked to its page; kind and id where it has no name."""
        plain = _plain_kind(kind)
        name = self._found.get((plain, key))
        text = self.text(kind, key) if name is None else name
        model = _listed_model(plain)
        if model is None or _as_key(model, key) is None:
            return isolate_text(text)
        return format_html('<a href="{}">{}</a>', admin_url(model(pk=key)), isolate_text(text))

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
        model = _listed_model(_plain_kind(kind))
        words = str(model._meta.verbose_name) if model else kind.replace("_", " ")
        return f"{'staff' if kind == 'staff' else words} {shorten_id(key) or ''}".strip()

    def actor(self, actor: str) -> SafeString | str:
        """Return the name of an actor such as "worker:0192…", linked to their page."""
        return self.link(*pair_of(actor))


def pair_of(actor: str) -> Pair:
    """Return kind and id of an actor as in "staff:4"."""
    kind, _, key = actor.partition(":")
    return kind, key


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
    for kind, key, *values in first.union(*others, all=True) if others else first:
        naming = _namings[kind]
        visible = (
            masking.mask_value(path.rpartition(LOOKUP_SEP)[2], value or "")
            for path, value in zip(naming.paths, values, strict=False)
        )
        found[kind, key] = naming.form(*visible) or kind
    return found


def _name_query(kind: str, naming: _Naming, keys: list[str]) -> Any:
    columns: list[Any] = [Cast(F(path), TextField()) for path in naming.paths]
    columns += [Value("", output_field=TextField())] * (MOST_PATHS - len(columns))
    known = [value for key in keys if (value := _as_key(naming.model, key)) is not None]
    rows = naming.model._base_manager.filter(pk__in=known).order_by()
    named = {f"name_{number}": column for number, column in enumerate(columns)}
    kinds = {"kind_": Value(kind, output_field=TextField()), "key_": Cast("pk", TextField())}
    return rows.annotate(**kinds, **named).values_list(*kinds, *named)


def _as_key(model: type[models.Model], key: str) -> Any:
    """Return the id as the model's key has it; None for a text that is none."""
    try:
        return model._meta.pk.to_python(key) if key else None
    except (ValidationError, ValueError):
        return None


class NamedChangeList(ChangeList):
    """A list whose rows name others by kind and id: all names are read by one statement."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        options: Any = self.model_admin
        listed: Any = self.result_list  # type: ignore[has-type]
        rows = list(listed)
        names = Names(pair for row in rows for pair in options.named_pairs(row))
        for row in rows:
            row.__dict__[_OF_PAGE] = names
        self.result_list = rows


class NamesRows:
    """Mixin of pages whose rows name others by kind and id."""

    def named_pairs(self, row: Any) -> Iterable[Pair]:
        """Return kinds and ids of the rows and actors that the row names."""
        raise NotImplementedError

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[NamedChangeList]:
        return NamedChangeList

    def names_of(self, row: Any) -> Names:
        """Return the names of the rows that this row names, read once for a page."""
        known = row.__dict__.get(_OF_PAGE)
        if known is None:
            known = row.__dict__[_OF_PAGE] = Names(self.named_pairs(row))
        return known
