"""Embedded PostgreSQL and Valkey, for environments that give no URL of a server.

The servers are detached from the process that starts them and run until `stop_servers`. The URL functions
only compute paths.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from gigstream.embedded import home, postgres, valkey
from gigstream.embedded.home import ServiceError
from gigstream.embedded.probe import State

__all__ = [
    "NAMES",
    "ServiceError",
    "State",
    "Status",
    "broker_url",
    "cache_url",
    "database_url",
    "ensure_running",
    "ensure_unset",
    "revive_unset",
    "server_status",
    "stop_servers",
    "unset_servers",
]

PATIENCE_SECONDS = 120

database_url = postgres.url
broker_url = valkey.broker_url
cache_url = valkey.cache_url


@dataclass(frozen=True)
class _Server:
    """Common interface of the two servers, with the variable whose URL replaces the server."""

    variable: str
    state: Callable[[], State]
    start: Callable[[], None]
    stop: Callable[[], None]
    pid: Callable[[], int | None]
    data: Callable[[], Path]
    log: Callable[[], Path]


@dataclass(frozen=True)
class Status:
    """Observed state of a server. `url_set`: the environment names another server in its place."""

    name: str
    state: State
    pid: int | None
    url_set: bool
    data: Path
    log: Path


_SERVERS = {
    "postgres": _Server(
        "DATABASE_URL",
        postgres.state,
        postgres.start,
        postgres.stop,
        postgres.pid,
        postgres.data_directory,
        postgres.log_file,
    ),
    "redis": _Server(
        "REDIS_URL",
        valkey.state,
        valkey.start,
        valkey.stop,
        valkey.pid,
        valkey.data_directory,
        valkey.log_file,
    ),
}
NAMES = tuple(_SERVERS)


def unset_servers() -> set[str]:
    """Return the names of the servers whose URL is unset or empty in the environment."""
    return {name for name, server in _SERVERS.items() if not os.environ.get(server.variable)}


def ensure_unset(*, database: str | None = None) -> set[str]:
    """Start the servers whose URL is unset in the environment, and create `database` in PostgreSQL if given.

    Returns the names of the servers that this call started.
    """
    wanted = unset_servers()
    started = ensure_running(postgres="postgres" in wanted, redis="redis" in wanted)
    if database and "postgres" in wanted:
        postgres.create_database(database)
    return started


def ensure_running(postgres: bool = True, redis: bool = True) -> set[str]:
    """Start the requested servers if they are down, and wait until they answer.

    Returns the names of the servers that this call started. Safe to call from several processes at once: the
    first starts the servers, the others wait. Raises ServiceError, with the end of the server's log, when a
    server cannot be started.
    """
    wanted = [name for name, is_wanted in (("postgres", postgres), ("redis", redis)) if is_wanted]
    if not wanted:
        return set()
    home.prepare_home()
    with home.home_lock():
        return {name for name in wanted if _bring_up(_SERVERS[name])}


def revive_unset() -> tuple[set[str], set[str]]:
    """Start the servers without a URL that are down.

    Returns the names of the started servers, and of those that listen without answering: there is no wait
    for them.
    """
    home.prepare_home()
    with home.home_lock():
        states = {name: _SERVERS[name].state() for name in unset_servers()}
        started = {name for name, state in states.items() if state is State.DOWN}
        for name in started:
            _SERVERS[name].start()
    return started, {name for name, state in states.items() if state is State.STARTING}


def stop_servers(names: Iterable[str] = NAMES) -> set[str]:
    """Stop the named servers, wait until they are down, and return the names of those that were running."""
    chosen = [_SERVERS[name] for name in names]
    if not chosen or not home.home_directory().exists():
        return set()
    with home.home_lock():
        running = [server for server in chosen if server.state() is not State.DOWN]
        for server in running:
            server.stop()
    return {name for name, server in _SERVERS.items() if server in running}


def server_status() -> dict[str, Status]:
    """Return the present status of each embedded server by name."""
    unset = unset_servers()
    return {
        name: Status(name, server.state(), server.pid(), name not in unset, server.data(), server.log())
        for name, server in _SERVERS.items()
    }


def _bring_up(server: _Server) -> bool:
    """Start a server that is down, or wait for a starting server; return True when this call started it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (state := server.state()) is State.STARTING:
        if time.monotonic() > deadline:
            raise ServiceError(f"a running server has not answered in {PATIENCE_SECONDS} s: {server.log()}")
        time.sleep(0.05)
    if state is State.DOWN:
        server.start()
    return state is State.DOWN
