"""Supervisor of several long-lived programs: it restarts those that die and leaves none behind.

It is independent of Django and of the programs. Times are seconds of the monotonic clock, which does not step
back with the machine's clock.
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
# A program that fails so often in a row before its first steady run cannot run with its command.
TRIES = 3
LAST_LINES = 15
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]
_PR_SET_PDEATHSIG = 1
# Loaded here, because little is safe between fork and exec.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def is_port_taken(host: str, port: int) -> bool:
    """Whether a server could not listen at this address now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return True
    return False


def restart_delay(deaths: int) -> float:
    """Return the seconds before a restart after so many deaths in a row: 1, 2, 4 ... 30."""
    return min(2.0 ** max(deaths - 1, 0), LONGEST_BACKOFF)


@dataclass(frozen=True)
class Program:
    """Command to keep running, with the file for its output; None is the supervisor's own output."""

    name: str
    command: Sequence[str]
    log: Path | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Watchdog:
    """Check that returns a reason to restart the programs in `restarts`, or None.

    It runs in a thread of its own. Its results count once all children have been up for `patience` seconds.
    `forget` is called at each start of a child: earlier observations do not count any more.
    """

    check: Callable[[], str | None]
    restarts: Sequence[str]
    forget: Callable[[], None] = lambda: None
    every: float = 5.0
    patience: float = 30.0
    longest_patience: float = 600.0


@dataclass(frozen=True)
class Periodic:
    """Function that runs every `every` seconds in a thread of its own; its result is printed."""

    line: Callable[[], str | None]
    every: float = 10.0


class BackgroundCall:
    """Function that runs repeatedly in a thread, so that its caller never waits for the result.

    A call that hangs is not repeated before it has returned.
    """

    def __init__(self, function: Callable[[], str | None], every: float) -> None:
        self._function = function
        self._every = every
        self._next_at = 0.0
        self._thread: threading.Thread | None = None
        self._result: str | None = None
        self._error: Exception | None = None

    def delay(self) -> None:
        """Let a period pass before the first call."""
        self._next_at = time.monotonic() + self._every

    def has_result(self) -> bool:
        """Whether there is a new result to `take`; a due call is started."""
        if self._thread is None:
            if time.monotonic() >= self._next_at:
                self.delay()
                self._thread = threading.Thread(target=self._call, daemon=True)
                self._thread.start()
            return False
        return not self._thread.is_alive()

    def take(self) -> str | None:
        """Return the new result. Raises the error of the call."""
        self._thread = None
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._result

    def _call(self) -> None:
        try:
            self._result = self._function()
        except Exception as error:  # noqa: BLE001 - raised again by `take`
            self._error = error


class ProgramFailed(RuntimeError):
    """Failure of a program at each of its first starts; the message ends with the end of its log."""

    def __init__(self, program: Program, code: int) -> None:
        said = (
            f"{program.name} ended with code {code} {TRIES} times in a row, so it cannot run with its command"
        )
        if program.log is not None:
            lines = program.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            said = "\n".join([f"{said}; {program.log} ends with:", *lines])
        super().__init__(said)


class Child:
    """Program with its process, in a process group of its own, which a terminal's Ctrl-C does not reach."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.deaths = 0
        self.was_steady = False
        self.started_at = 0.0
        self.restart_at: float | None = None
        # Time at which a process that is ending for a restart is killed.
        self.kill_at: float | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether a process was started and has not been found dead."""
        return self._process is not None

    def start(self, now: float) -> int:
        """Start the program and return its process id. Raises OSError when it cannot be executed."""
        self.started_at, self.restart_at, self.kill_at = now, None, None
        with _open_log(self.program.log) as output:
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
        """Return the exit code of a dead process, once, and kill the rest of its group; else None."""
        if self._process is None or not _is_dead(self._process.pid):
            return None
        # The unreaped leader still holds the group's number, so no other process can have it.
        self._signal_group(signal.SIGKILL)
        code = self._process.wait()
        self._process = None
        return code

    def terminate(self) -> None:
        """Send the process SIGTERM; it ends its own children in good order."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def send_kill(self) -> None:
        """Kill the process and its group without waiting; `reap` finds them dead."""
        self._signal_group(signal.SIGKILL)

    def kill(self) -> None:
        """Kill the process and its group, and wait for their end."""
        if self._process is not None:
            self._signal_group(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def plan_restart(self, now: float) -> float:
        """Count a death, set `restart_at` and return the delay. A steady run resets the count."""
        if now - self.started_at >= STEADY_AFTER:
            self.deaths, self.was_steady = 0, True
        self.deaths += 1
        delay = restart_delay(self.deaths)
        self.restart_at = now + delay
        return delay

    def _signal_group(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


class Supervisor:
    """Supervisor that keeps programs running until SIGINT, SIGTERM or SIGHUP; a second signal kills at once.

    Programs start in the given order and stop in reverse order. When the supervisor itself is killed, Linux
    sends its children SIGTERM.
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
        self._check = BackgroundCall(watchdog.check, watchdog.every) if watchdog else None
        self._periodic = [BackgroundCall(work.line, work.every) for work in periodic]
        self._on_tick = on_tick
        self._on_restart = on_restart
        self._grace = grace
        self._tick = tick
        self._signalled_at: list[float] = []
        self._wakeups = -1

    def run(self) -> None:
        """Run the programs until a signal; return when each child and its process group has ended.

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
        for call in self._periodic:
            call.delay()
        while not self._signalled_at:
            self._on_tick()
            self._revive()
            self._watch()
            self._report_periodic()
            self._pause(self._tick)

    def _start(self, child: Child) -> None:
        if self._watchdog:
            self._watchdog.forget()
        try:
            pid = child.start(time.monotonic())
        except OSError as error:
            self._report(f"{child.program.name}: cannot be started: {error}")
            child.plan_restart(time.monotonic())
        else:
            where = f", output in {child.program.log}" if child.program.log else ""
            self._report(f"{child.program.name}: started (pid {pid}){where}")

    def _revive(self) -> None:
        for child in self._children.values():
            code = child.reap()
            if code is not None and child.kill_at is not None:
                self._report(f"{child.program.name}: stopped ({_describe_exit(code)})")
                self._start_again(child)
            elif code is not None:
                delay = child.plan_restart(time.monotonic())
                if code > 0 and not child.was_steady and child.deaths >= TRIES:
                    raise ProgramFailed(child.program, code)
                self._report(f"{child.program.name}: {_describe_exit(code)}; starting again in {delay:.0f} s")
            elif child.kill_at is not None and child.kill_at <= time.monotonic():
                child.send_kill()
            elif child.restart_at is not None and child.restart_at <= time.monotonic():
                self._start_again(child)

    def _start_again(self, child: Child) -> None:
        self._on_restart(child.program.name)
        self._start(child)

    def _watch(self) -> None:
        """Act on the watchdog's result; a restart that does not help doubles its patience."""
        if self._watchdog is None or self._check is None or not self._check.has_result():
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
        """End the children by SIGTERM, or by SIGKILL after their grace, and start each again."""
        self._report(f"watchdog: {reason}; restarting {', '.join(names)}")
        for name in names:
            child = self._children[name]
            child.kill_at = time.monotonic() + self._grace
            child.terminate()

    def _time_together(self) -> float:
        """Return the seconds for which all children have been up; 0 while a child is down or ends."""
        if not all(child.running and child.kill_at is None for child in self._children.values()):
            return 0.0
        return time.monotonic() - max(child.started_at for child in self._children.values())

    def _take(self, call: BackgroundCall) -> str | None:
        """Return the result, or None after an error, which is printed: it must not end the children."""
        try:
            return call.take()
        except Exception as error:  # noqa: BLE001 - reported, and called again
            self._report(f"supervisor: {type(error).__name__}: {error}".splitlines()[0])
            return None

    def _report(self, line: str) -> None:
        """Print a line. A closed terminal or pipe ends the run, because SIGHUP may not arrive here."""
        try:
            self._say(line)
        except ValueError:  # a closed file object
            return
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.EIO) and not self._signalled_at:
                self._signalled_at.append(time.monotonic())

    def _report_periodic(self) -> None:
        for call in self._periodic:
            if call.has_result() and (line := self._take(call)):
                self._report(line)

    # ---- the end

    def _stop(self, children: Sequence[Child]) -> None:
        """Stop the children in turn: SIGTERM first, SIGKILL after the grace or a further signal."""
        for child in children:
            child.restart_at = None
            if child.running:
                self._stop_one(child)

    def _stop_one(self, child: Child) -> None:
        deadline = time.monotonic() + self._grace
        child.terminate()
        while (code := child.reap()) is None:
            hurried = self._has_second_signal()
            if hurried or time.monotonic() > deadline:
                child.kill()
                reason = "a second signal came" if hurried else "it did not end"
                self._report(f"{child.program.name}: killed, {reason}")
                return
            self._pause(0.1)
        self._report(f"{child.program.name}: stopped ({_describe_exit(code)})")

    def _has_second_signal(self) -> bool:
        """Whether a second signal came later. A terminal and a parent may both send the first."""
        times = self._signalled_at
        return len(times) > 1 and times[-1] - times[0] > SAME_WISH

    # ---- signals

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Note stop signals, and let them wake the loop in whichever thread the kernel delivers them."""
        self._wakeups, writer = os.pipe()
        os.set_blocking(self._wakeups, False)
        os.set_blocking(writer, False)
        before = {number: signal.getsignal(number) for number in (*STOP_SIGNALS, signal.SIGCHLD)}
        wakeup_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            # Under nohup, SIGHUP stays ignored.
            if number != signal.SIGHUP or before[number] is not signal.SIG_IGN:
                signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, _ignore_signal)
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
        """Wait so many seconds, or until a signal arrives, a child's death included."""
        select.select([self._wakeups], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeups, 4096)


@contextlib.contextmanager
def _open_log(log: Path | None) -> Iterator[IO[bytes] | None]:
    """Open the log for appending, or yield None without a log."""
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        yield output


def _die_with(parent: int) -> Callable[[], None]:
    """Return a function to run in a new child: on Linux, the child gets SIGTERM when `parent` dies."""

    def arrange() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the line above

    return arrange


def _is_dead(pid: int) -> bool:
    """Whether a child has ended; it stays unreaped."""
    found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    return found is not None


def _describe_exit(code: int) -> str:
    return f"ended with code {code}" if code >= 0 else f"ended by signal {-code}"


def _ignore_signal(_number: int, _frame: object) -> None:
    """Do nothing: with a handler, the signal wakes the loop instead of being discarded."""
