"""Rows that a term names in full, by an id, number, address, hash or key, across all models."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest

from gigstream.adminkit.columns import NAME_COLUMNS, is_secret
from gigstream.adminkit.search.terms import read_uuid
from gigstream.api.models import AnsweredRequest
from payments.models import LedgerEntry, ObservedTransfer, ProviderNotification, WalletOrder
from platforms.models import ApiKey, Platform, PlatformEvent, Task

MOST_OF_A_KIND = 10
NEWEST_ANSWERS = 10_000
LARGEST_NUMBER = 2**63 - 1
_KEY = re.compile(r"gs_(?:live|test)_([0-9a-z]+)(?:_.*)?", re.ASCII)
_RELEASE = re.compile(r"stream:([0-9a-f-]{36}):([0-9]{1,9})", re.ASCII)
# Simulated transfers repeat the keys of the transactions that they settle.
_SIMULATED = ("payments.sandboxtransfer", "payments.sandboxwallet")

Condition = Callable[[str], Q | QuerySet[Any] | None]


def matching_keys(request: HttpRequest, term: str) -> dict[str, list[str]]:
    """Return the primary keys of the rows that the term names in full, by the label of their model.

    It reads the platforms in a statement, and all indexes that can hold the term in another.
    """
    parts = [_match_query(*question) for question in _match_conditions(request, term)]
    if not parts:
        return {}
    keys: dict[str, list[str]] = {}
    for label, key in parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]:
        keys.setdefault(label, []).append(key)
    return {label: found for label, found in keys.items() if label not in _SIMULATED} or keys


def _match_query(model: type[models.Model], condition: Q | QuerySet[Any]) -> QuerySet:
    key = Cast(F("pk"), CharField())
    found = model._default_manager.filter(condition) if isinstance(condition, Q) else condition
    rows = found.order_by()
    return rows.values_list(Value(model._meta.label_lower, output_field=CharField()), key)[:MOST_OF_A_KIND]


def _match_conditions(
    request: HttpRequest, term: str
) -> Iterator[tuple[type[models.Model], Q | QuerySet[Any]]]:
    """Yield each model that can hold the term with the condition on its rows, served by an index."""
    for model, options in admin.site._registry.items():
        if not model._meta.managed or not options.has_view_permission(request):
            continue
        for field in model._meta.concrete_fields:
            # Names have blanks in them, keys and addresses have none.
            may_hold = " " not in term or field.name in NAME_COLUMNS
            if may_hold and field.unique and not field.is_relation and not is_secret(field):
                condition = _field_equals(field, term)
                if condition:
                    yield model, condition
        for more in MORE.get(model, ()):
            further = more(term)
            if further is not None:
                yield model, further


def _field_equals(field: Any, term: str) -> Q | None:
    """Return the condition that a field holds the term, or None if its type cannot."""
    match field:
        case models.UUIDField():
            value = read_uuid(term)
            return Q(**{field.name: value}) if value else None
        case models.IntegerField():
            fits = term.isascii() and term.isdigit() and int(term) <= LARGEST_NUMBER
            return Q(**{field.name: int(term)}) if fits else None
        case models.CharField():
            return Q(**{f"{field.name}__in": sorted({term, term.lower()})})
    return None


def _by_key_prefix(term: str) -> Q | None:
    """Return the condition for an API key by its public part, which may be followed by its secret."""
    shape = _KEY.fullmatch(term)
    return Q(prefix=shape[1]) if shape else None


def _by_release_key(term: str) -> Q | None:
    """Return the condition for a release, whose key is made of stream and number and has no column."""
    shape = _RELEASE.fullmatch(term)
    stream = read_uuid(shape[1]) if shape else None
    return Q(subject_id=stream, sequence=int(shape[2])) if shape and stream else None


def _by_request_key(term: str) -> Q:
    """Return the condition for an idempotency key among the newest stored requests: no index starts with
    it."""
    newest = AnsweredRequest.objects.order_by("-pk").values("pk")[:NEWEST_ANSWERS]
    return Q(pk__in=newest, key=term)


MORE: dict[type[models.Model], tuple[Condition, ...]] = {
    ApiKey: (_by_key_prefix,),
    Platform: (lambda term: Q(contact_email=term.lower()) if "@" in term else None,),
    Task: (Task.objects.with_external_id,),
    PlatformEvent: (lambda term: Q(request_id=term),),
    LedgerEntry: (lambda term: Q(idempotency_key=term), _by_release_key),
    WalletOrder: (lambda term: Q(address=term.lower()) if term.lower().startswith("0x") else None,),
    ObservedTransfer: (lambda term: Q(tx_hash=term.lower()) if term.lower().startswith("0x") else None,),
    ProviderNotification: (lambda term: Q(transfer_id=term) & ~Q(transfer_id=""),),
    AnsweredRequest: (_by_request_key,),
}
