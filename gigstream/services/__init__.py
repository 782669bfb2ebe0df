"""GigStream's own PostgreSQL and Valkey, for when no URL names a real one.

The servers are detached from whoever starts them and live until `stop`. The URL functions
only compute paths; `ensure` is the only function that starts anything.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from gigstream.services import home, postgres, valkey
from gigstream.services.home import ServiceError
from gigstream.services.probe import State

__all__ = [
    "NAMES",
    "ServiceError",
    "State",
    "Status",
    "broker_url",
    "cache_url",
    "database_url",
    "ensure",
    "ensure_unset",
    "missing",
    "revive_unset",
    "status",
    "stop",
]

PATIENCE_SECONDS = 120

database_url = postgres.url
broker_url = valkey.broker_url
cache_url = valkey.cache_url


@dataclass(frozen=True)
class _Server:
    """What the two servers have in common, and the variable whose URL replaces each."""

    variable: str
    state: Callable[[], State]
    start: Callable[[], None]
    stop: Callable[[], None]
    pid: Callable[[], int | None]
    data: Callable[[], Path]
    log: Callable[[], Path]


@dataclass(frozen=True)
class Status:
    """What `status` saw of one server. `url_set`: the environment names another in its place."""

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


def missing() -> set[str]:
    """Names of the servers that the environment does not provide, whose URL is unset or empty."""
    return {name for name, server in _SERVERS.items() if not os.environ.get(server.variable)}


def ensure_unset(*, database: str | None = None) -> set[str]:
    """`ensure` those servers, and only those, whose URL the environment leaves unset; in an embedded
    PostgreSQL there is also `database`, if one is named."""
    wanted = missing()
    started = ensure(postgres="postgres" in wanted, redis="redis" in wanted)
    if database and "postgres" in wanted:
        postgres.create_database(database)
    return started


def ensure(postgres: bool = True, redis: bool = True) -> set[str]:
    """The servers asked for answer when this returns; returns the names that this call started.

    Safe from any number of processes at once: one starts, the others wait and find it running.
    Raises ServiceError, with the server's own last words, when one cannot be started.
    """
    wanted = [name for name, asked in (("postgres", postgres), ("redis", redis)) if asked]
    if not wanted:
        return set()
    home.prepare()
    with home.locked():
        return {name for name in wanted if _bring_up(_SERVERS[name])}


def revive_unset() -> tuple[set[str], set[str]]:
    """Start those of these servers that are down; returns the names of the started and of those that listen
    and do not answer, for which nobody waits."""
    home.prepare()
    with home.locked():
        states = {name: _SERVERS[name].state() for name in missing()}
        started = {name for name, state in states.items() if state is State.DOWN}
        for name in started:
            _SERVERS[name].start()
    return started, {name for name, state in states.items() if state is State.STARTING}


def stop(names: Iterable[str] = NAMES) -> set[str]:
    """The named servers are down when this returns; returns the names that were running."""
    chosen = [_SERVERS[name] for name in names]
    if not chosen or not home.path().exists():
        return set()
    with home.locked():
        running = [server for server in chosen if server.state() is not State.DOWN]
        for server in running:
            server.stop()
    return {name for name, server in _SERVERS.items() if server in running}


def status() -> dict[str, Status]:
    """What each embedded server is doing now, by name; starts and waits for nothing."""
    unset = missing()
    return {
        name: Status(name, server.state(), server.pid(), name not in unset, server.data(), server.log())
        for name, server in _SERVERS.items()
    }


def _bring_up(server: _Server) -> bool:
    """True when the server was down and has been started; waits for one that is still starting."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (state := server.state()) is State.STARTING:
        if time.monotonic() > deadline:
            raise ServiceError(f"no answer from a running server in {PATIENCE_SECONDS} s: {server.log()}")
        time.sleep(0.05)
    if state is State.DOWN:
        server.start()
    return state is State.DOWN
