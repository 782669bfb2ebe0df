"""The store of raw events: the two things that a database must do to hold and count them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gigstream.core import sql

# The columns of a version of an event, each with its type in ClickHouse. An event that is corrected gets a
# new version, under the number of the receipt that brought it; 0 and "" stand for nothing.
COLUMNS = {
    "platform": "Int64",
    "work": "Int64",
    "day": "Date",
    "number": "Int64",
    "version": "UInt64",
    "creator": "Int64",
    "listener": "Int64",
    "occurred_at": "DateTime64(6, 'UTC')",
    "received_at": "DateTime64(6, 'UTC')",
    "kind": "UInt8",
    "seconds": "UInt32",
    "amount": "Decimal(20, 6)",
    "amends": "Int64",
    "external_id": "String",
    "counts": "UInt8",
}

Columns = Mapping[str, Sequence[Any]]


class UsageStore(Protocol):
    """A database of raw events. `dialect` begins the names of its SQL files."""

    dialect: str

    def execute(self, statement: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run the statement with values in the places `%(name)s`; return its rows. Raises
        UsageStoreUnavailable."""

    def insert(self, columns: Columns) -> None:
        """Write versions of events, given by the columns of `COLUMNS`. A version that is there stays one
        row. Raises UsageStoreUnavailable."""


def run_in(store: UsageStore, name: str, /, **params: Any) -> list[dict[str, Any]]:
    """Run the store's statement of this name; return its rows."""
    return store.execute(sql.text(f"platforms/usage/store/{store.dialect}_{name}"), params)
