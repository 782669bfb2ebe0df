"""Filters and paginators that stay quick on large tables."""

import functools
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from gigstream.lib.admin.columns import secrets


class BelongsTo(admin.SimpleListFilter):
    """Keeps the rows that belong to the one related row that the address names. Shown only while it does."""

    def related(self, model_admin: Any) -> type[models.Model]:
        """The model of the row that is named."""
        related: Any = get_fields_from_path(model_admin.model, self.parameter_name or "")[-1].related_model
        return related

    def condition(self, value: Any) -> Q:
        """What a row that belongs fulfils."""
        return Q(**{self.parameter_name or "": value})

    @cached_property
    def _given(self) -> str:
        return self.value() or ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.named = self._find(self.related(model_admin)) if self._given else None
        return [(self._given, str(self.named or "unknown"))] if self._given else []

    def _find(self, model: type[models.Model]) -> models.Model | None:
        try:
            return model._base_manager.filter(pk=self._given).defer(*secrets(model)).first()
        except (ValidationError, ValueError):
            return None

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self._given:
            return queryset
        return queryset.filter(self.condition(self.named.pk)) if self.named else queryset.none()


@functools.cache
def belongs_to(name: str) -> type[BelongsTo]:
    """The filter on the foreign key `name`, which may be reached through others (`task__worker`)."""
    title = name.rpartition("__")[2].replace("_", " ")
    return type(f"BelongsTo{name}", (BelongsTo,), {"title": title, "parameter_name": name})


NEWEST = 1_000_000


class _AmongNewest:
    """Keeps a filter without an index from walking through a whole table with numbered rows."""

    title: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = f"{self.title} (newest million)"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        kept = super().queryset(request, queryset)  # type: ignore[misc]
        if not self.used_parameters:  # type: ignore[attr-defined]
            return kept
        last = queryset.model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
        return kept.filter(pk__gt=last - NEWEST)


class NewestChoices(_AmongNewest, admin.ChoicesFieldListFilter):
    pass


class NewestYesNo(_AmongNewest, admin.BooleanFieldListFilter):
    pass


class NewestDates(_AmongNewest, admin.DateFieldListFilter):
    pass


class CappedPaginator(Paginator):
    """Counts no further than people leaf: the count of a large table costs more than the page."""

    most = 10_000
    template_name = "admin/gigstream/pagination.html"

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: self.most].count()

    @property
    def count_words(self) -> str:
        """How many rows there are, as far as was counted."""
        return f"{self.count:,}{' or more' if self.count == self.most else ''}"


class ReportPaginator(CappedPaginator):
    """Each row of a view is computed, so fewer of them are counted, and none where others tell how many there
    are."""

    most = 1_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if not rows.model.one_for_each or rows.query.where:
            return rows.order_by()[: self.most].count()
        counted = rows.model._meta.get_field(rows.model.one_for_each).related_model
        return counted._base_manager.order_by()[: self.most].count()
