"""Filters and paginators that stay fast on large tables."""

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

from gigstream.adminkit.columns import secret_columns


class BelongsTo(admin.SimpleListFilter):
    """A filter by the related row that the address names; it is shown only if the address names a row."""

    def related(self, model_admin: Any) -> type[models.Model]:
        """Return the model of the related row."""
        related: Any = get_fields_from_path(model_admin.model, self.parameter_name or "")[-1].related_model
        return related

    def condition(self, value: Any) -> Q:
        """Return the condition for rows that belong to the related row."""
        # Some keys refer to another column than the row's own key.
        return Q(**{f"{self.parameter_name}__pk": value})

    @cached_property
    def _given(self) -> str:
        return self.value() or ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.named = self._find(self.related(model_admin)) if self._given else None
        return [(self._given, str(self.named or "unknown"))] if self._given else []

    def _find(self, model: type[models.Model]) -> models.Model | None:
        try:
            return model._base_manager.filter(pk=self._given).defer(*secret_columns(model)).first()
        except (ValidationError, ValueError):
            return None

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self._given:
            return queryset
        return queryset.filter(self.condition(self.named.pk)) if self.named else queryset.none()


@functools.cache
def belongs_to(name: str) -> type[BelongsTo]:
    """Return the filter on the foreign key `name`, which may be reached through others (`task__worker`)."""
    title = name.rpartition("__")[2].replace("_", " ")
    return type(f"BelongsTo{name}", (BelongsTo,), {"title": title, "parameter_name": name})


NEWEST = 1_000_000


class _AmongNewest:
    """Mixin for filters without an index on tables with numbered rows: only the newest rows are searched."""

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


class NewestDates(_AmongNewest, admin.DateFieldListFilter):
    pass


class CappedPaginator(Paginator):
    """A paginator with a bounded count: the count of a large table costs more than the page."""

    most = 10_000
    template_name = "admin/gigstream/pagination.html"

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: self.most].count()

    @property
    def count_words(self) -> str:
        """The number of rows, as far as they were counted."""
        return f"{self.count:,}{' or more' if self.count == self.most else ''}"


class ReportPaginator(CappedPaginator):
    """A paginator of SQL views. Their rows are computed, so fewer are counted, and none if another table has
    exactly as many rows."""

    most = 1_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if not rows.model.one_for_each or rows.query.where:
            return rows.order_by()[: self.most].count()
        counted = rows.model._meta.get_field(rows.model.one_for_each).related_model
        return counted._base_manager.order_by()[: self.most].count()
