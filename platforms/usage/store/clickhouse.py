"""Raw events in ClickHouse."""

import functools
import os
from collections.abc import Mapping
from typing import Any

from urllib3.exceptions import HTTPError

from platforms.usage.store.errors import UsageStoreUnavailable
from platforms.usage.store.protocol import COLUMNS, Columns

CONNECT_SECONDS = 5
ANSWER_SECONDS = 120
# A row is there once the insert has been answered; an IN over the events of a correction is a long text.
_SETTINGS = {"async_insert": 0, "max_query_size": 1_048_576}


class ClickHouseStore:
    """The table `usage_events` of a ClickHouse server, at an address as
    `clickhouse://user:password@host:8123/database`."""

    dialect = "clickhouse"

    def __init__(self, url: str) -> None:
        self._url = url

    def execute(self, statement: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            answer = _client_of(os.getpid(), self._url).query(statement, parameters=dict(params) or None)
            return list(answer.named_results())
        except _errors() as error:
            raise _unavailable(error) from error

    def insert(self, columns: Columns) -> None:
        try:
            _client_of(os.getpid(), self._url).insert(
                "usage_events",
                [columns[name] for name in COLUMNS],
                column_names=list(COLUMNS),
                column_type_names=list(COLUMNS.values()),
                column_oriented=True,
            )
        except _errors() as error:
            raise _unavailable(error) from error


@functools.cache
def _client_of(_pid: int, url: str) -> Any:
    """Return this process's client of the server, which its threads share."""
    try:
        # Installed where it is used.
        from clickhouse_connect import get_client
    except ImportError as error:
        raise UsageStoreUnavailable("the client of ClickHouse is not installed: make clickhouse") from error
    return get_client(
        dsn=url,
        connect_timeout=CONNECT_SECONDS,
        send_receive_timeout=ANSWER_SECONDS,
        autogenerate_session_id=False,
        settings=_SETTINGS,
    )


def _errors() -> tuple[type[Exception], ...]:
    """Return the errors that a call may raise; looked up once a call has failed."""
    try:
        from clickhouse_connect.driver.exceptions import ClickHouseError
    except ImportError:
        return (ImportError,)
    return ClickHouseError, HTTPError, OSError


def _unavailable(error: Exception) -> UsageStoreUnavailable:
    # The first line: an address with a password may stand in the others.
    return UsageStoreUnavailable(f"the store of raw events: {str(error).partition(chr(10))[0][:200]}")
