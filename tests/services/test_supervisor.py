"""The supervisor, with small real programs in place of web, worker and beat."""

import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

import pytest
from django.core.management import CommandError, call_command

from gigstream import embedded
from gigstream.processes.heartbeat_watch import BOOT_SECONDS, HeartbeatWatch
from gigstream.processes.supervisor import Child, Program, is_port_taken, restart_delay

ROOT = Path(__file__).resolve().parents[2]
FOREVER = ["sleep", "1000"]
# Starts another process in its group, as a web server does, and prints its pid.
WITH_OFFSPRING = ["sh", "-c", "sleep 1000 & echo offspring $!; wait"]
STUBBORN = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]

SUPERVISE = """
import json, pathlib, signal, sys, time
from gigstream.processes.supervisor import Periodic, Program, Supervisor, Watchdog
wanted = json.loads(sys.argv[1])
# A test run under nohup hands down that SIGHUP is ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
home = pathlib.Path(wanted["home"])
alarm = home / "alarm"
def check():
    if (home / "hung").exists():
        (home / "hanging").touch()
        time.sleep(3600)
    if alarm.exists():
        alarm.unlink()
        return "nothing moves"
    if (home / "broken").exists():
        raise RuntimeError("cannot look")
Supervisor(
    [Program(name, command, home / f"{name}.log") for name, command in wanted["programs"].items()],
    say=lambda line: print(line, flush=True),
    watchdog=Watchdog(check, restarts=("beat", "worker"), patience=0, every=0.05),
    periodic=[Periodic(lambda: "all is well", every=0.05)],
    grace=wanted["grace"],
    tick=0.05,
).run()
print("the end", flush=True)
"""


def eventually(what: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def supervise(
    home: Path, programs: dict[str, list[str]], stdout: IO[bytes] | int, grace: float = 10
) -> Popen:
    wanted = json.dumps({"home": str(home), "programs": programs, "grace": grace})
    return Popen(
        [sys.executable, "-c", SUPERVISE, wanted],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=stdout,
        stderr=None if stdout == PIPE else stdout,
        start_new_session=True,
    )


class Supervised:
    """A supervisor in a process of its own, with its output so far."""

    def __init__(self, home: Path, programs: dict[str, list[str]], grace: float) -> None:
        self.home = home
        self.programs = programs
        with (home / "said").open("wb") as said:
            self.process = supervise(home, programs, said, grace)
        for name in programs:
            self.says(f"{name}: ")

    def said(self) -> list[str]:
        return (self.home / "said").read_text().splitlines()

    def says(self, words: str) -> None:
        eventually(lambda: any(words in line for line in self.said()))

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text()

    def pids(self, name: str) -> list[int]:
        """Return the pids of every start of a program, in order."""
        starts = [line for line in self.said() if line.startswith(f"{name}: started (pid ")]
        return [int(line.split("pid ")[1].split(")")[0]) for line in starts]

    def offspring(self, name: str) -> int:
        eventually(lambda: "offspring" in self.log(name))
        return int(self.log(name).split()[1])

    def everyone(self) -> list[int]:
        children = [pid for name in self.programs for pid in self.pids(name)]
        grandchildren = [
            self.offspring(n) for n, command in self.programs.items() if command == WITH_OFFSPRING
        ]
        return children + grandchildren

    def ended(self) -> int:
        return self.process.wait(timeout=15)


Start = Callable[..., Supervised]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Supervised] = []

    def start(grace: float = 10, **programs: list[str]) -> Supervised:
        started.append(Supervised(tmp_path, programs, grace))
        return started[-1]

    yield start
    for supervised in started:
        supervised.process.kill()
        supervised.process.wait()
        for pid in (pid for name in supervised.programs for pid in supervised.pids(name)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def test_a_child_that_dies_is_started_again_without_its_offspring(start: Start) -> None:
    supervised = start(web=WITH_OFFSPRING, beat=FOREVER)
    (web,), offspring = supervised.pids("web"), supervised.offspring("web")

    os.kill(web, signal.SIGKILL)

    supervised.says("web: ended by signal 9; starting again in 1 s")
    eventually(lambda: len(supervised.pids("web")) == 2)
    assert not alive(offspring)
    assert alive(supervised.pids("web")[1])
    assert len(supervised.pids("beat")) == 1


@pytest.mark.long_form
def test_a_child_that_keeps_dying_waits_longer_each_time(start: Start) -> None:
    supervised = start(worker=["sh", "-c", "exit 3"])

    supervised.says("worker: ended with code 3; starting again in 1 s")
    supervised.says("worker: ended with code 3; starting again in 2 s")


@pytest.mark.long_form
def test_a_program_that_cannot_run_as_it_was_told_to_stops_all_with_its_reason(start: Start) -> None:
    """A setting that cannot work was a silent loop of restarts."""
    supervised = start(web=["sh", "-c", "echo METRICS_TOKEN is too short; exit 3"], beat=FOREVER)

    assert supervised.ended() == 1

    said = "\n".join(supervised.said())
    assert "web ended with code 3 3 times in a row, so it cannot run with its command" in said
    assert said.endswith("METRICS_TOKEN is too short\n" * 2 + "METRICS_TOKEN is too short")
    assert not any(alive(pid) for pid in supervised.pids("beat"))


def test_a_program_that_has_run_is_started_again_however_often_it_ends(tmp_path: Path) -> None:
    child = Child(Program("web", FOREVER, tmp_path / "log"))
    child.plan_restart(now=60.0)
    assert child.was_steady


def test_the_backoff_doubles_to_thirty_seconds() -> None:
    assert [restart_delay(deaths) for deaths in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_minute_of_life_forgives_earlier_deaths(tmp_path: Path) -> None:
    child = Child(Program("web", FOREVER, tmp_path / "log"))

    short_lives = [child.plan_restart(now=59.0) for _ in range(3)]
    child.started_at = 100.0

    assert short_lives == [1, 2, 4]
    assert child.plan_restart(now=160.0) == 1
    assert child.restart_at == 161.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_in_order_and_leaves_no_orphan(start: Start, number: int) -> None:
    supervised = start(web=WITH_OFFSPRING, worker=WITH_OFFSPRING, beat=FOREVER)
    everyone = supervised.everyone()
    assert all(alive(pid) for pid in everyone)

    supervised.process.send_signal(number)

    assert supervised.ended() == 0
    assert [pid for pid in everyone if alive(pid)] == []
    stops = [line.split(":")[0] for line in supervised.said() if ": stopped" in line]
    assert stops == ["beat", "worker", "web"]
    assert supervised.said()[-1] == "the end"


def test_a_terminals_ctrl_c_reaches_only_the_supervisor(start: Start) -> None:
    supervised = start(web=FOREVER, worker=FOREVER)

    groups = {os.getpgid(supervised.pids(name)[0]) for name in ("web", "worker")}

    assert groups == {supervised.pids("web")[0], supervised.pids("worker")[0]}
    assert os.getpgid(supervised.process.pid) not in groups


def test_a_child_that_ignores_the_request_is_killed_after_its_grace(start: Start) -> None:
    supervised = start(grace=0.3, web=STUBBORN)
    eventually(lambda: "ready" in supervised.log("web"))

    supervised.process.send_signal(signal.SIGTERM)

    assert supervised.ended() == 0
    supervised.says("web: killed, it did not end")
    assert not alive(supervised.pids("web")[0])


@pytest.mark.long_form
def test_a_later_second_signal_kills_at_once_and_a_simultaneous_one_does_not(start: Start) -> None:
    supervised = start(grace=600, web=STUBBORN)
    eventually(lambda: "ready" in supervised.log("web"))
    began = time.monotonic()

    def asked_again_until_it_ended() -> bool:
        supervised.process.send_signal(signal.SIGTERM)
        return supervised.process.poll() is not None

    eventually(asked_again_until_it_ended)

    supervised.says("web: killed, a second signal came")
    assert time.monotonic() - began > 2


def test_children_die_with_a_supervisor_that_is_killed(start: Start) -> None:
    supervised = start(web=FOREVER, worker=FOREVER, beat=FOREVER)
    everyone = supervised.everyone()

    supervised.process.kill()

    eventually(lambda: not any(alive(pid) for pid in everyone))


def test_a_listener_that_is_gone_ends_the_run_and_leaves_no_orphan(tmp_path: Path) -> None:
    programs = {"web": FOREVER, "beat": FOREVER}
    with supervise(tmp_path, programs, PIPE) as process:
        said = [process.stdout.readline().decode() for _ in programs]
        pids = [int(line.split("pid ")[1].split(")")[0]) for line in said]

        process.stdout.close()
        process.wait(timeout=15)

    assert [pid for pid in pids if alive(pid)] == []


def test_the_watchdog_restarts_beat_and_worker_and_says_why(start: Start) -> None:
    supervised = start(web=FOREVER, worker=FOREVER, beat=FOREVER)

    (supervised.home / "alarm").touch()

    supervised.says("watchdog: nothing moves; restarting beat, worker")
    eventually(lambda: len(supervised.pids("beat")) == len(supervised.pids("worker")) == 2)
    assert len(supervised.pids("web")) == 1
    assert not any(alive(supervised.pids(name)[0]) for name in ("beat", "worker"))


def test_a_watchdog_that_fails_is_reported_and_ends_nothing(start: Start) -> None:
    supervised = start(web=FOREVER, worker=FOREVER, beat=FOREVER)

    (supervised.home / "broken").touch()

    supervised.says("supervisor: RuntimeError: cannot look")
    assert all(alive(pid) for pid in supervised.everyone())


@pytest.mark.long_form
def test_a_question_that_hangs_keeps_no_child_from_its_restart_and_no_signal(start: Start) -> None:
    supervised = start(web=FOREVER, worker=FOREVER, beat=FOREVER)
    (supervised.home / "hung").touch()
    eventually((supervised.home / "hanging").exists)

    os.kill(supervised.pids("beat")[0], signal.SIGKILL)

    supervised.says("beat: ended by signal 9; starting again in 1 s")
    eventually(lambda: len(supervised.pids("beat")) == 2)
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.ended() == 0


@pytest.mark.long_form
def test_a_child_that_does_not_end_for_its_restart_keeps_no_other_waiting(start: Start) -> None:
    """The worker ignores SIGTERM for the whole grace; beat, killed meanwhile, is there again long before."""
    supervised = start(grace=600, web=FOREVER, worker=STUBBORN, beat=FOREVER)
    eventually(lambda: "ready" in supervised.log("worker"))
    (supervised.home / "alarm").touch()
    eventually(lambda: len(supervised.pids("beat")) == 2)

    os.kill(supervised.pids("beat")[1], signal.SIGKILL)

    eventually(lambda: len(supervised.pids("beat")) == 3)
    assert len(supervised.pids("worker")) == 1
    os.kill(supervised.pids("worker")[0], signal.SIGKILL)
    eventually(lambda: len(supervised.pids("worker")) == 2)


def test_a_child_that_ignores_its_restart_is_killed_after_its_grace(start: Start) -> None:
    supervised = start(grace=0.3, web=FOREVER, worker=STUBBORN, beat=FOREVER)
    eventually(lambda: "ready" in supervised.log("worker"))

    (supervised.home / "alarm").touch()

    supervised.says("worker: stopped (ended by signal 9)")
    eventually(lambda: len(supervised.pids("worker")) == 2)


def test_the_status_line_is_said_again_and_again(start: Start) -> None:
    supervised = start(web=FOREVER)

    eventually(lambda: supervised.said().count("all is well") >= 3)


def test_a_command_that_does_not_exist_does_not_stop_the_others(start: Start) -> None:
    supervised = start(web=["/no/such/program"], beat=FOREVER)

    supervised.says("web: cannot be started")
    assert alive(supervised.pids("beat")[0])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_heartbeat_is_late_three_periods_or_thirty_seconds_after_its_last_sign_of_life() -> None:
    marks, clock = {"seal": (60.0, 1), "release": (5.0, 1)}, Clock()
    watch = HeartbeatWatch(lambda: marks, clock=clock)
    assert watch.late() is None
    clock.now, marks = 1.0, {"seal": (60.0, 2), "release": (5.0, 2)}
    assert watch.late() is None

    late = []
    while clock.now < 182.0:
        clock.now += 15.0
        late.append((clock.now, watch.late()))
    assert late[1] == (31.0, None)
    assert late[2] == (46.0, "release has made no progress for 45 s")
    assert late[11] == (181.0, "release has made no progress for 180 s")
    assert late[12] == (
        196.0,
        "release has made no progress for 195 s; seal has made no progress for 195 s",
    )


def test_a_process_that_is_still_starting_is_not_late() -> None:
    """Two minutes more than a job that has run: a start on a busy machine takes longer than 30 s."""
    clock = Clock()
    watch = HeartbeatWatch(lambda: {"release": (10.0, None)}, clock=clock)
    late = []
    while clock.now <= BOOT_SECONDS + 30.0:
        late.append(watch.late())
        clock.now += 10.0
    assert set(late) == {None}
    assert watch.late() == "release has made no progress for 160 s"


def test_an_outage_of_the_database_is_nobodys_silence() -> None:
    marks, clock, away = {"release": (10.0, 1)}, Clock(), False

    def read():
        if away:
            raise OSError("no database")
        return marks

    watch = HeartbeatWatch(read, clock=clock)
    watch.late()
    clock.now, marks = 5.0, {"release": (10.0, 2)}
    assert watch.late() is None
    away = True
    for _ in range(23):
        clock.now += 5.0
        with pytest.raises(OSError, match="no database"):
            watch.late()
    away = False

    clock.now += 5.0
    assert watch.late() is None
    clock.now += 20.0
    assert watch.late() is None


def test_time_in_which_nobody_looked_is_nobodys_silence() -> None:
    marks, clock = {"release": (10.0, 1)}, Clock()
    watch = HeartbeatWatch(lambda: marks, clock=clock)
    watch.late()
    clock.now, marks = 5.0, {"release": (10.0, 2)}
    watch.late()

    clock.now = 145.0

    assert watch.late() is None


def test_a_heartbeat_that_moves_is_never_late_even_backwards() -> None:
    marks, clock = {"release": (10.0, 1000)}, Clock()
    watch = HeartbeatWatch(lambda: marks, clock=clock)

    for step in range(20):
        clock.now, marks["release"] = 20.0 * step, (10.0, 1000 - step)
        assert watch.late() is None


def test_a_forgotten_heartbeat_gets_its_full_time_again() -> None:
    marks, clock = {"release": (10.0, 1)}, Clock()
    watch = HeartbeatWatch(lambda: marks, clock=clock)
    watch.late()
    clock.now, marks = 1.0, {"release": (10.0, 2)}
    watch.late()
    for clock.now in (16.0, 31.0, 46.0):
        said = watch.late()
    assert said == "release has made no progress for 45 s"

    watch.forget()

    assert watch.late() is None


def test_the_demo_refuses_a_taken_port_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "ensure_unset", lambda: pytest.fail("it started servers"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))

        assert is_port_taken("127.0.0.1", port)
        with pytest.raises(CommandError, match=f"port {port} is taken"):
            call_command("demo")

    assert not is_port_taken("127.0.0.1", port)


def test_the_demo_refuses_production_settings(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ensure_unset", lambda: pytest.fail("it started servers"))
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="production"):
        call_command("demo")


@pytest.mark.parametrize("port", ["0", "65536", "80a", "-1"])
def test_the_demo_refuses_a_port_that_is_none(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)

    with pytest.raises(CommandError, match="PORT must be a number"):
        call_command("demo")
