"""Raw events in PostgreSQL, beside all else."""

from collections.abc import Mapping
from typing import Any

from gigstream.core import sql
from platforms.usage.store.protocol import COLUMNS, Columns


class PostgresqlStore:
    """The table `usage_events` and the events that do not count."""

    dialect = "postgresql"

    def execute(self, statement: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        return sql.rows(statement, dict(params))

    def insert(self, columns: Columns) -> None:
        """Write the events that are not there. The statement that counts a batch writes its own."""
        values = {name: list(columns[name]) for name in COLUMNS if name not in ("day", "version")}
        sql.run("platforms/usage/store/postgresql_insert", **values)
