"""The list of a page with the conditions of the filter builder."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from gigstream.adminkit.filter_builder.form import BuilderForm, make_form
from gigstream.adminkit.filter_builder.list_query import ListQuery, is_own, read_list_query

# Conditions that no index serves are looked for among the newest rows only.
NEWEST = 100_000


class FilteredChangeList(ChangeList):
    """List that reads the conditions, the order and the saved view from its address, beside Django's
    filters."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(request, *args, **kwargs)

    @cached_property
    def list_query(self) -> ListQuery:
        """The conditions and the order of the address."""
        return read_list_query(self.model_admin, self.request, self.filter_params)

    @cached_property
    def builder(self) -> BuilderForm:
        """The form of the filter builder, filled in."""
        return make_form(self, self.request)

    @property
    def newest(self) -> str:
        """The number of rows among which conditions without an index are looked for, in words."""
        return f"{NEWEST:,}"

    def get_filters_params(self, params: Any = None) -> Any:
        given = super().get_filters_params(params)
        return {name: value for name, value in given.items() if not is_own(name)}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return the address with other parameters. Django removes those whose names begin so: conditions on
        a column stay when a filter of the same name goes."""
        kept = {name: value for name, value in self.filter_params.items() if is_own(name)}
        return super().get_query_string({**kept, **(new_params or {})}, remove)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[str]:
        if not self.list_query.sort:
            ordering: list[str] = super().get_ordering(request, queryset)
            return ordering
        by = self.list_query.sort
        return list(self._get_deterministic_ordering([by]))

    def get_ordering_field_columns(self) -> dict[int, str]:
        """Return the columns whose titles show that they order the list: none where the address says it."""
        return {} if self.list_query.sort else dict(super().get_ordering_field_columns())

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        """Return the rows that fulfil all conditions, filters and the search."""
        rows = super().get_queryset(request, exclude_parameters)
        # The form of the filter builder offers them instead of a drawer of their own.
        self.has_filters = False
        query = self.list_query
        if query.conditions:
            self.has_active_filters = True
            rows = rows.filter(query.as_q())
        return self._among_newest(rows) if query.unserved else rows

    def _among_newest(self, rows: QuerySet) -> QuerySet:
        keys = self.model._default_manager.order_by("-pk").values_list("pk", flat=True)
        first = next(iter(keys[NEWEST - 1 : NEWEST]), None)
        return rows if first is None else rows.filter(pk__gte=first)
