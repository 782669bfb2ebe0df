"""Names of rows in texts: of those that a row belongs to, and of rows that others name by kind and id."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse

# Names by kind and id, as in ("worker", "0192…"); None where there is no such row.
Names = dict[tuple[str, str], str | None]
_names: ContextVar[Names | None] = ContextVar("row_names", default=None)


def loaded_name(row: Any, *relations: str) -> str:
    """Return the name of the first of these related rows that was read together with the row, or "". A text
    reads no further rows: a list would read them one by one."""
    loaded = row._state.fields_cache
    return next((str(loaded[name]) for name in relations if loaded.get(name) is not None), "")


def with_owner(text: str, row: Any, *relations: str, joined_by: str = "of") -> str:
    """Return the text and the name of the related row that was read together with the row, as in "loan
    LO-7K3M2Q of David Wilson"."""
    name = loaded_name(row, *relations)
    return f"{text} {joined_by} {name}" if name else text


def known_names() -> Names:
    """Return the names that were read in this request, to be added to; outside a request none is kept."""
    names = _names.get()
    return {} if names is None else names


@contextmanager
def names_kept() -> Iterator[None]:
    """Keep the names of rows that are read inside the block."""
    token = _names.set({})
    try:
        yield
    finally:
        _names.reset(token)


class RowNamesMiddleware:
    """Middleware that keeps names of rows for the length of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with names_kept():
            return self.get_response(request)
