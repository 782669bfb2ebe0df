"""Rows that a term names in full, by an id, number, address, hash or key, across all models."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from django.contrib import admin
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest

from gigstream.adminkit.columns import NAME_COLUMNS, is_secret
from gigstream.adminkit.search.terms import read_amount, read_named_reference, read_uuid, read_uuid_part
from gigstream.api.models import AnsweredRequest
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_is
from payments.models import LedgerEntry, ObservedTransfer, ProviderNotification, Stream, WalletOrder
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
    parts = [] if _is_no_key(term) else list(_match_statements(request, term))
    if not parts:
        return {}
    keys: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ".join(f"({text})" for text, _ in parts),
            [value for _, values in parts for value in values],
        )
        for label, key in cursor.fetchall():
            keys.setdefault(label, []).append(key)
    return {label: found for label, found in keys.items() if label not in _SIMULATED} or keys


def _is_no_key(term: str) -> bool:
    """Whether the term has the form of a part of an id, or of an amount, which is no key of a row."""
    is_part = read_uuid_part(term) and not read_uuid(term)
    return not term.isdigit() and bool(is_part or read_amount(term))


def _match_statements(request: HttpRequest, term: str) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield a statement for each index that can hold the term, of the models that this member of staff may
    view. Their text is written here: made by the ORM, it would take longer than to run."""
    reference = read_named_reference(term)
    for model, options in admin.site._registry.items():
        if not model._meta.managed or not options.has_view_permission(request):
            continue
        for field in _unique_fields(model):
            values = _values_of(field, term)
            # Names have blanks in them, keys and addresses have none.
            if values and (" " not in term or field.name in NAME_COLUMNS):
                yield _column_statement(field, len(values)), values
        # Only platforms' own ids of tasks may have blanks in them.
        more = MORE.get(model, ()) if " " not in term or model is Task else ()
        further = [condition for one in more if (condition := one(term)) is not None]
        if reference and reference.prefix and _has_reference(model):
            further.append(reference_is(reference))
        for condition in further:
            # A condition that no row can fulfil, as that of one of no platforms, has no statement.
            with suppress(EmptyResultSet):
                yield _match_query(model, condition).query.sql_with_params()


@cache
def _unique_fields(model: type[models.Model]) -> tuple[Any, ...]:
    return tuple(
        field
        for field in model._meta.concrete_fields
        if field.unique and not field.is_relation and not is_secret(field)
    )


@cache
def _has_reference(model: type[models.Model]) -> bool:
    """Whether rows have a short number with an index."""
    return any(isinstance(field, ShortNumberField) for field in model._meta.concrete_fields)


def _values_of(field: Any, term: str) -> Sequence[Any]:
    """Return the values that the field holds if it holds the term, none if its type cannot."""
    match field:
        case models.UUIDField():
            value = read_uuid(term)
            return [value] if value else []
        case models.IntegerField():
            fits = term.isascii() and term.isdigit() and int(term) <= LARGEST_NUMBER
            return [int(term)] if fits else []
        case ShortNumberField():
            reference = read_named_reference(term)
            return [reference.short_number] if reference and not reference.prefix else []
        case models.CharField():
            return sorted({term, term.lower()})
    return []


@cache
def _column_statement(field: Any, values: int) -> str:
    quoted, model = connection.ops.quote_name, field.model._meta
    places = ", ".join(["%s"] * values)
    return (
        f"SELECT '{model.label_lower}', {quoted(model.pk.column)}::text FROM {quoted(model.db_table)}"  # noqa: S608
        f" WHERE {quoted(field.column)} IN ({places}) LIMIT {MOST_OF_A_KIND}"
    )


def _match_query(model: type[models.Model], condition: Q | QuerySet[Any]) -> QuerySet:
    key = Cast(F("pk"), CharField())
    found = model._default_manager.filter(condition) if isinstance(condition, Q) else condition
    rows = found.order_by()
    return rows.values_list(Value(model._meta.label_lower, output_field=CharField()), key)[:MOST_OF_A_KIND]


def _by_key_prefix(term: str) -> Q | None:
    """Return the condition for an API key by its public part, which may be followed by its secret."""
    shape = _KEY.fullmatch(term)
    return Q(prefix=shape[1]) if shape else None


def _by_release_key(term: str) -> Q | None:
    """Return the condition for a release, whose key is made of stream and number and has no column."""
    shape = _RELEASE.fullmatch(term)
    stream = read_uuid(shape[1]) if shape else None
    return Q(subject_id=stream, sequence=int(shape[2])) if shape and stream else None


def _by_reference_of_task(term: str) -> Q | None:
    """Return the condition for a stream by its reference, which has the short number of its task."""
    reference = read_named_reference(term)
    fits = reference is not None and reference.prefix in ("ST", "")
    return Q(task__short_number=reference.short_number) if reference and fits else None


def _by_request_key(term: str) -> Q:
    """Return the condition for an idempotency key among the newest stored requests: no index starts with
    it."""
    newest = AnsweredRequest.objects.order_by("-pk").values("pk")[:NEWEST_ANSWERS]
    return Q(pk__in=newest, key=term)


MORE: dict[type[models.Model], tuple[Condition, ...]] = {
    ApiKey: (_by_key_prefix,),
    Platform: (lambda term: Q(contact_email=term.lower()) if "@" in term else None,),
    Task: (Task.objects.with_external_id,),
    Stream: (_by_reference_of_task,),
    PlatformEvent: (lambda term: Q(request_id=term),),
    LedgerEntry: (lambda term: Q(idempotency_key=term), _by_release_key),
    WalletOrder: (lambda term: Q(address=term.lower()) if term.lower().startswith("0x") else None,),
    ObservedTransfer: (lambda term: Q(tx_hash=term.lower()) if term.lower().startswith("0x") else None,),
    ProviderNotification: (lambda term: Q(transfer_id=term) & ~Q(transfer_id=""),),
    AnsweredRequest: (_by_request_key,),
}
