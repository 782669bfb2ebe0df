"""The systemd units: systemd reads them, and each unit's program runs, proves its progress and is watched."""

import configparser
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from gigstream import celery_app
from gigstream.processes import programs
from tests.support.servers.broker import use_broker
from tests.support.servers.processes import own_servers
from tests.support.servers.valkey import own_valkey

UNITS = settings.BASE_DIR / "deploy" / "systemd"
NAMES = list(programs.program_commands())
PATIENCE = 90


def unit(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNITS / f"gigstream-{name}.service")
    return parser


def command_of(name, **replaced):
    """Return the command that the unit starts, with this project's Python in the place of the installed
    Python."""
    words = shlex.split(unit(name)["Service"]["ExecStart"])
    assert words[0] == "/opt/gigstream/.venv/bin/python"
    return [sys.executable, *(replaced.get(word, word) for word in words[1:])]


def test_each_program_has_a_unit_and_the_target_wants_them_all():
    assert {path.name for path in UNITS.glob("*.service")} == {f"gigstream-{name}.service" for name in NAMES}
    wanted = re.search(r"^Wants=(.*)$", (UNITS / "gigstream.target").read_text(), re.MULTILINE)[1]
    assert wanted.split() == [f"gigstream-{name}.service" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_restarts_what_dies_and_what_falls_silent(name):
    service = unit(name)["Service"]
    assert (service["Type"], service["WatchdogSec"], service["Restart"]) == ("notify", "30", "always")
    assert unit(name)["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("name", NAMES)
def test_systemd_finds_nothing_wrong(name, tmp_path):
    program = shutil.which("systemd-analyze")
    text = (UNITS / f"gigstream-{name}.service").read_text()
    if program is None:
        assert "[Service]" in text
        return
    here = tmp_path / f"gigstream-{name}.service"
    here.write_text(text.replace("/opt/gigstream/.venv/bin/python", sys.executable))
    (tmp_path / "gigstream.target").write_text((UNITS / "gigstream.target").read_text())
    said = subprocess.run([program, "verify", "--man=no", str(here)], capture_output=True, text=True)
    complaints = [line for line in said.stderr.splitlines() if f"gigstream-{name}" in line]
    assert complaints == []


@contextmanager
def kept(name, folder, environment=None):
    """Run a unit's command with a service manager's socket; yield the process and the socket."""
    address = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, (folder / "log").open("wb") as log:
        manager.bind(str(address))
        manager.settimeout(PATIENCE)
        process = subprocess.Popen(
            command_of(name, **{"127.0.0.1:8000": f"unix:{folder}/web.sock"}),
            cwd=settings.BASE_DIR,
            env={
                **own_servers(),
                "NOTIFY_SOCKET": str(address),
                "PROGRESS_DIRECTORY": str(folder / "progress"),
                "WEB_PROCESSES": "1",
                "WORKER_PROCESSES": "1",
                "RELEASE_WORKERS": "1",
                **(environment or {}),
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process, manager
        finally:
            process.terminate()
            process.wait(timeout=60)


def alive(name, folder):
    """Return the exit code of `manage.py alive`, and its output."""
    out = StringIO()
    with override_settings(PROGRESS_DIRECTORY=str(folder / "progress")):
        try:
            call_command("alive", name, stdout=out)
        except CommandError as error:
            return error.returncode, str(error)
    return 0, out.getvalue().strip()


@pytest.mark.long_form
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_unit_starts_runs_and_proves_its_progress(name, short_folder):
    """It reports to systemd that it is ready and lives, and `alive` has the proof of the program itself."""
    assert alive(name, short_folder)[0] == 1
    with kept(name, short_folder) as (_, manager):
        assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        deadline = time.monotonic() + PATIENCE
        while not (short_folder / "progress" / name).exists():
            assert time.monotonic() < deadline, (short_folder / "log").read_text()
            time.sleep(0.2)
        code, said = alive(name, short_folder)
        assert (code, "made progress" in said) == (0, True), said


@pytest.mark.long_form
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_makes_no_progress_is_not_alive_and_one_without_a_broker_is(short_folder):
    """A stopped process leaves no marks: after a minute, moved here into its last mark, it is silent."""
    mark = short_folder / "progress" / "worker"
    with kept("worker", short_folder):
        deadline = time.monotonic() + PATIENCE
        while not mark.exists():
            assert time.monotonic() < deadline, (short_folder / "log").read_text()
            time.sleep(0.2)
    mark.write_text(str(time.monotonic() - 61))

    code, said = alive("worker", short_folder)
    assert code == 1
    assert re.fullmatch(r"worker has made no progress for \d+ s", said)

    before = celery_app.conf.broker_url
    with own_valkey() as valkey:
        use_broker(valkey.broker_url)
        valkey.kill()
        try:
            code, said = alive("worker", short_folder)
        finally:
            use_broker(before)
            valkey.start()
    assert (code, said) == (0, "worker cannot make progress: the broker does not answer")


@pytest.mark.long_form
def test_a_kept_program_that_cannot_run_says_why_and_ends(short_folder):
    with kept("beat", short_folder, {"REDIS_URL": "nonsense://x"}) as (process, _):
        assert process.wait(timeout=PATIENCE) == 1
    said = (short_folder / "log").read_text()
    assert "beat ended with code" in said
    assert "3 times in a row" in said
