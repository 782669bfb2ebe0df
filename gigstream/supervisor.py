"""Runs a few long-lived programs as one: restarts what dies, and leaves nothing behind.

Knows nothing of Django or of what the programs do. Times are seconds of the monotonic
clock, which the machine's clock stepping back does not stop.
"""

import contextlib
import ctypes
import errno
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

GRACE = 25.0
LONGEST_BACKOFF = 30.0
STEADY_AFTER = 60.0
SAME_WISH = 2.0
# A program that ends by itself so often before it was ever steady cannot run as it was told to.
TRIES = 3
LAST_LINES = 15
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]
_PR_SET_PDEATHSIG = 1
# Loaded here, since little is safe between fork and exec.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def port_is_taken(host: str, port: int) -> bool:
    """Whether a server that listens there now would be refused the address."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return True
    return False


def backoff(deaths: int) -> float:
    """Seconds to wait before a restart after so many deaths in a row: 1, 2, 4 ... 30."""
    return min(2.0 ** max(deaths - 1, 0), LONGEST_BACKOFF)


@dataclass(frozen=True)
class Program:
    """A command to keep running, and the file that its output is appended to; None: the supervisor's own."""

    name: str
    command: Sequence[str]
    log: Path | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Watchdog:
    """A check that gives the reason for which `restarts` must restart, or None when all is well.

    It runs in a thread of its own, and is acted upon once all children have been up for `patience`.
    `forget` is called at every start of a child: what was observed before no longer counts.
    """

    check: Callable[[], str | None]
    restarts: Sequence[str]
    forget: Callable[[], None] = lambda: None
    every: float = 5.0
    patience: float = 30.0
    longest_patience: float = 600.0


@dataclass(frozen=True)
class Periodic:
    """Work that is done every so many seconds in a thread of its own; what it returns is said."""

    line: Callable[[], str | None]
    every: float = 10.0


class Inquiry:
    """A question that is put again and again in a thread, so that who asks never waits for the answer.

    A question that hangs is not put again before it has been answered.
    """

    def __init__(self, question: Callable[[], str | None], every: float) -> None:
        self._question = question
        self._every = every
        self._next_at = 0.0
        self._thread: threading.Thread | None = None
        self._answer: str | None = None
        self._error: Exception | None = None

    def delay(self) -> None:
        """Let one period pass before the first question."""
        self._next_at = time.monotonic() + self._every

    def is_answered(self) -> bool:
        """Whether there is a new answer to `take`; a question that is due is put."""
        if self._thread is None:
            if time.monotonic() >= self._next_at:
                self.delay()
                self._thread = threading.Thread(target=self._ask, daemon=True)
                self._thread.start()
            return False
        return not self._thread.is_alive()

    def take(self) -> str | None:
        """Return the new answer. Raises what the question raised."""
        self._thread = None
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._answer

    def _ask(self) -> None:
        try:
            self._answer = self._question()
        except Exception as error:  # noqa: BLE001 - raised again by `take`
            self._error = error


class ProgramFailed(RuntimeError):
    """A program that ended by itself at each of its first starts; the message ends with its last words."""

    def __init__(self, program: Program, code: int) -> None:
        said = f"{program.name} ended with code {code} {TRIES} times in a row, so it cannot run like this"
        if program.log is not None:
            lines = program.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            said = "\n".join([f"{said}; {program.log} ends with:", *lines])
        super().__init__(said)


class Child:
    """One program and its process, in a process group of its own so that a terminal's Ctrl-C misses it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.deaths = 0
        # Whether it has ever lived long enough to say that it can.
        self.was_steady = False
        self.started_at = 0.0
        self.restart_at: float | None = None
        # When a process that was asked to end for a restart is killed.
        self.kill_at: float | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether a process was started and not yet found dead."""
        return self._process is not None

    def start(self, now: float) -> int:
        """The program runs; returns its process id. Raises OSError when it cannot be executed."""
        self.started_at, self.restart_at, self.kill_at = now, None, None
        with _appended(self.program.log) as output:
            self._process = subprocess.Popen(  # noqa: S603 - commands come from the caller's code
                list(self.program.command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                env={**os.environ, **self.program.environment},
                process_group=0,
                preexec_fn=_die_with(os.getpid()),
            )
        return self._process.pid

    def reap(self) -> int | None:
        """The exit code if the process has died, once; what it left in its group is killed."""
        if self._process is None or not _is_dead(self._process.pid):
            return None
        # The unreaped leader still holds the group's number, so this cannot hit a stranger.
        self._signal_group(signal.SIGKILL)
        code = self._process.wait()
        self._process = None
        return code

    def terminate(self) -> None:
        """Ask the process to end in good order; it passes this on to its own children."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def send_kill(self) -> None:
        """Kill the process and its group without waiting; `reap` finds them dead."""
        self._signal_group(signal.SIGKILL)

    def kill(self) -> None:
        """The process and its group are dead and reaped when this returns."""
        if self._process is not None:
            self._signal_group(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def plan_restart(self, now: float) -> float:
        """Count a death and set `restart_at`; returns the delay. A long life forgives earlier deaths."""
        if now - self.started_at >= STEADY_AFTER:
            self.deaths, self.was_steady = 0, True
        self.deaths += 1
        delay = backoff(self.deaths)
        self.restart_at = now + delay
        return delay

    def _signal_group(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


class Supervisor:
    """Keeps programs running until SIGINT, SIGTERM or SIGHUP; a second signal kills instead of waiting.

    Programs start in the given order and stop in the reverse one. When the supervisor itself
    is killed, Linux sends its children SIGTERM.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        say: Say = print,
        watchdog: Watchdog | None = None,
        periodic: Sequence[Periodic] = (),
        on_tick: Callable[[], None] = lambda: None,
        on_restart: Callable[[str], None] = lambda name: None,
        grace: float = GRACE,
        tick: float = 1.0,
    ) -> None:
        self._children = {program.name: Child(program) for program in programs}
        self._say = say
        self._watchdog = watchdog
        self._patience = watchdog.patience if watchdog else 0.0
        self._check = Inquiry(watchdog.check, watchdog.every) if watchdog else None
        self._periodic = [Inquiry(one.line, one.every) for one in periodic]
        self._on_tick = on_tick
        self._on_restart = on_restart
        self._grace = grace
        self._tick = tick
        self._signalled_at: list[float] = []
        self._wakeups = -1

    def run(self) -> None:
        """Returns after a signal, when every child and its process group is gone.

        Raises ProgramFailed, after stopping all, when a program cannot run at all.
        """
        with self._listening():
            try:
                self._supervise()
            finally:
                self._stop(list(reversed(self._children.values())))

    # ---- the loop

    def _supervise(self) -> None:
        for child in self._children.values():
            self._start(child)
        for inquiry in self._periodic:
            inquiry.delay()
        while not self._signalled_at:
            self._on_tick()
            self._revive()
            self._watch()
            self._speak()
            self._pause(self._tick)

    def _start(self, child: Child) -> None:
        if self._watchdog:
            self._watchdog.forget()
        try:
            pid = child.start(time.monotonic())
        except OSError as error:
            self._tell(f"{child.program.name}: cannot be started: {error}")
            child.plan_restart(time.monotonic())
        else:
            where = f", output in {child.program.log}" if child.program.log else ""
            self._tell(f"{child.program.name}: started (pid {pid}){where}")

    def _revive(self) -> None:
        for child in self._children.values():
            code = child.reap()
            if code is not None and child.kill_at is not None:
                self._tell(f"{child.program.name}: stopped ({_ending(code)})")
                self._start_again(child)
            elif code is not None:
                delay = child.plan_restart(time.monotonic())
                if code > 0 and not child.was_steady and child.deaths >= TRIES:
                    raise ProgramFailed(child.program, code)
                self._tell(f"{child.program.name}: {_ending(code)}; starting again in {delay:.0f} s")
            elif child.kill_at is not None and child.kill_at <= time.monotonic():
                child.send_kill()
            elif child.restart_at is not None and child.restart_at <= time.monotonic():
                self._start_again(child)

    def _start_again(self, child: Child) -> None:
        self._on_restart(child.program.name)
        self._start(child)

    def _watch(self) -> None:
        """Act upon the watchdog's answer; a restart that does not help makes it wait twice as long."""
        if self._watchdog is None or self._check is None or not self._check.is_answered():
            return
        reason = self._take(self._check)
        if self._time_together() < self._patience:
            return
        if reason is None:
            self._patience = self._watchdog.patience
        else:
            self._patience = min(self._patience * 2, self._watchdog.longest_patience)
            self._restart(self._watchdog.restarts, reason)

    def _restart(self, names: Sequence[str], reason: str) -> None:
        """Ask the children to end; each is started again once it has, or was killed after its grace."""
        self._tell(f"watchdog: {reason}; restarting {', '.join(names)}")
        for name in names:
            child = self._children[name]
            child.kill_at = time.monotonic() + self._grace
            child.terminate()

    def _time_together(self) -> float:
        """For how long all children have been up; 0 while one is down or ends."""
        if not all(child.running and child.kill_at is None for child in self._children.values()):
            return 0.0
        return time.monotonic() - max(child.started_at for child in self._children.values())

    def _take(self, inquiry: Inquiry) -> str | None:
        """The answer, or None when the question itself failed: a fault there must not end the children."""
        try:
            return inquiry.take()
        except Exception as error:  # noqa: BLE001 - reported, and asked again
            self._tell(f"supervisor: {type(error).__name__}: {error}".splitlines()[0])
            return None

    def _tell(self, line: str) -> None:
        """Say it. A terminal or pipe that is gone ends the run; not every SIGHUP gets here."""
        try:
            self._say(line)
        except ValueError:  # a closed file object
            return
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.EIO) and not self._signalled_at:
                self._signalled_at.append(time.monotonic())

    def _speak(self) -> None:
        for inquiry in self._periodic:
            if inquiry.is_answered() and (line := self._take(inquiry)):
                self._tell(line)

    # ---- the end

    def _stop(self, children: Sequence[Child]) -> None:
        """Each in turn: asked to end, then killed once its grace is over or a further signal came."""
        for child in children:
            child.restart_at = None
            if child.running:
                self._stop_one(child)

    def _stop_one(self, child: Child) -> None:
        deadline = time.monotonic() + self._grace
        child.terminate()
        while (code := child.reap()) is None:
            hurried = self._asked_twice()
            if hurried or time.monotonic() > deadline:
                child.kill()
                self._tell(f"{child.program.name}: killed, {'asked twice' if hurried else 'it did not end'}")
                return
            self._pause(0.1)
        self._tell(f"{child.program.name}: stopped ({_ending(code)})")

    def _asked_twice(self) -> bool:
        """One wish to stop can arrive as two signals at once, from a terminal and from a parent."""
        times = self._signalled_at
        return len(times) > 1 and times[-1] - times[0] > SAME_WISH

    # ---- signals

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Stop signals are noted and wake the loop, whichever thread the kernel hands them to."""
        self._wakeups, writer = os.pipe()
        os.set_blocking(self._wakeups, False)
        os.set_blocking(writer, False)
        before = {number: signal.getsignal(number) for number in (*STOP_SIGNALS, signal.SIGCHLD)}
        wakeup_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            # nohup's wish to outlive the terminal is respected.
            if number != signal.SIGHUP or before[number] is not signal.SIG_IGN:
                signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, _ignore)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup_before)
            os.close(self._wakeups)
            os.close(writer)

    def _note(self, _number: int, _frame: object) -> None:
        self._signalled_at.append(time.monotonic())

    def _pause(self, seconds: float) -> None:
        """Until a signal arrives, a child's death included, or so many seconds have passed."""
        select.select([self._wakeups], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeups, 4096)


@contextlib.contextmanager
def _appended(log: Path | None) -> Iterator[IO[bytes] | None]:
    """The file to append to, or None."""
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        yield output


def _die_with(parent: int) -> Callable[[], None]:
    """To be run in a new child: on Linux, SIGTERM reaches it when `parent` dies."""

    def arrange() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the line above

    return arrange


def _is_dead(pid: int) -> bool:
    """Whether our child has ended; it stays unreaped."""
    found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    return found is not None


def _ending(code: int) -> str:
    return f"ended with code {code}" if code >= 0 else f"ended by signal {-code}"


def _ignore(_number: int, _frame: object) -> None:
    """A handler, so that the signal wakes the loop instead of being discarded."""
