"""One box that finds a row by whatever names it: an id, a number, an address, a hash, a key."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.text import capfirst

from audit.models import AnsweredRequest
from gigstream.lib.admin import admin_url
from gigstream.lib.admin.columns import is_secret
from payments.models import LedgerEntry, ObservedTransfer, ProviderNotification, WalletOrder
from platforms.models import ApiKey, Event, Platform, Task

LONGEST = 200
MOST_OF_A_KIND = 10
NEWEST_ANSWERS = 10_000
LARGEST_NUMBER = 2**63 - 1
_KEY = re.compile(r"gs_(?:live|test)_([0-9a-z]+)(?:_.*)?", re.ASCII)
_RELEASE = re.compile(r"stream:([0-9a-f-]{36}):([0-9]{1,9})", re.ASCII)
# What stands for the chain where there is none: it repeats the keys of the rows that are meant.
_SIMULATED = ("payments.sandboxtransfer", "payments.sandboxwallet")

Condition = Callable[[str], Q | QuerySet[Any] | None]


@dataclass(frozen=True, slots=True)
class Found:
    """A row that the term names, and what kind of row it is."""

    kind: str
    name: str
    url: str


def find(request: HttpRequest, term: str) -> list[Found]:
    """The rows that the term names in full, of the kinds that this member of staff may see.

    One statement reads which platforms there are and one looks into every index that may hold such a term;
    then one for each kind that was found reads the rows' names.
    """
    keys = _keys(request, term.strip().replace("\x00", ""))
    return [Found(kind, str(row), admin_url(row)) for kind, row in _rows(request, keys)]


def _keys(request: HttpRequest, term: str) -> dict[str, list[str]]:
    """The keys of the rows that were found, by the label of their model."""
    if not term or len(term) > LONGEST:
        return {}
    parts = [_part(*question) for question in _questions(request, term)]
    if not parts:
        return {}
    keys: dict[str, list[str]] = {}
    for label, key in parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]:
        keys.setdefault(label, []).append(key)
    return {label: found for label, found in keys.items() if label not in _SIMULATED} or keys


def _part(model: type[models.Model], condition: Q | QuerySet[Any]) -> QuerySet:
    key = Cast(F("pk"), CharField())
    found = model._default_manager.filter(condition) if isinstance(condition, Q) else condition
    rows = found.order_by()
    return rows.values_list(Value(model._meta.label_lower, output_field=CharField()), key)[:MOST_OF_A_KIND]


def _questions(request: HttpRequest, term: str) -> Iterator[tuple[type[models.Model], Q | QuerySet[Any]]]:
    """Each model that may hold the term, with what its row then fulfils; an index answers each of them."""
    for model, options in admin.site._registry.items():
        if not model._meta.managed or not options.has_view_permission(request):
            continue
        for field in model._meta.concrete_fields:
            if field.unique and not field.is_relation and not is_secret(field):
                condition = _equal(field, term)
                if condition:
                    yield model, condition
        for more in MORE.get(model, ()):
            asked = more(term)
            if asked is not None:
                yield model, asked


def _equal(field: Any, term: str) -> Q | None:
    """What a row fulfils whose field holds the term, or None where the field cannot hold such a thing."""
    match field:
        case models.UUIDField():
            value = _as_uuid(term)
            return Q(**{field.name: value}) if value else None
        case models.IntegerField():
            fits = term.isascii() and term.isdigit() and int(term) <= LARGEST_NUMBER
            return Q(**{field.name: int(term)}) if fits else None
        case models.CharField():
            return Q(**{f"{field.name}__in": sorted({term, term.lower()})})
    return None


def _as_uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def _prefix(term: str) -> Q | None:
    """A key is found by its public part, also where more of it was given."""
    shape = _KEY.fullmatch(term)
    return Q(prefix=shape[1]) if shape else None


def _release(term: str) -> Q | None:
    """A release has no column for its key, which follows from the stream and the number."""
    shape = _RELEASE.fullmatch(term)
    stream = _as_uuid(shape[1]) if shape else None
    return Q(stream=stream, sequence=int(shape[2])) if shape and stream else None


def _answered_lately(term: str) -> Q:
    """Keys of requests have an index only behind caller and path; the newest answers are looked through."""
    newest = AnsweredRequest.objects.order_by("-pk").values("pk")[:NEWEST_ANSWERS]
    return Q(pk__in=newest, key=term)


MORE: dict[type[models.Model], tuple[Condition, ...]] = {
    ApiKey: (_prefix,),
    Platform: (lambda term: Q(contact_email=term.lower()) if "@" in term else None,),
    Task: (Task.objects.called,),
    Event: (lambda term: Q(request_id=term),),
    LedgerEntry: (lambda term: Q(idempotency_key=term), _release),
    WalletOrder: (lambda term: Q(address=term.lower()) if term.lower().startswith("0x") else None,),
    ObservedTransfer: (lambda term: Q(tx_hash=term.lower()) if term.lower().startswith("0x") else None,),
    ProviderNotification: (lambda term: Q(transfer_id=term) & ~Q(transfer_id=""),),
    AnsweredRequest: (_answered_lately,),
}


def _rows(request: HttpRequest, keys: dict[str, list[str]]) -> Iterator[tuple[str, models.Model]]:
    for label, found in sorted(keys.items()):
        model = apps.get_model(label)
        options: Any = admin.site.get_model_admin(model)
        rows = options.get_queryset(request).select_related(*(options.list_select_related or ()))
        kind = capfirst(str(model._meta.verbose_name))
        yield from ((kind, row) for row in rows.filter(pk__in=found).order_by("pk"))
