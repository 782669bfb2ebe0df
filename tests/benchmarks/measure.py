"""Side by side measurements: the cost of a piece of work, and the summary of many rounds."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """A round: how many were done in how many seconds, and their total cost. CPU time is None when the
    process runs on another machine."""

    count: int
    seconds: float
    server_cpu: float | None
    client_cpu: float | None
    wal_bytes: int


@dataclass(slots=True)
class Series:
    """The rounds of a contender."""

    name: str
    samples: list[Sample] = field(default_factory=list)

    def rate(self) -> float:
        """Done per second, the median of all rounds."""
        return statistics.median(self._rates())

    def spread(self) -> tuple[float, float]:
        """Return the slowest and the fastest round's rate."""
        return min(self._rates()), max(self._rates())

    def seconds(self) -> float:
        """Return the median duration of a round, in seconds."""
        return statistics.median(sample.seconds for sample in self.samples)

    def server_micros(self) -> float | None:
        """Return PostgreSQL's CPU time for each item done."""
        return self._each([sample.server_cpu for sample in self.samples])

    def client_micros(self) -> float | None:
        """Return the client's CPU time for each item done."""
        return self._each([sample.client_cpu for sample in self.samples])

    def wal_each(self) -> float:
        return statistics.median(sample.wal_bytes / sample.count for sample in self.samples)

    def _rates(self) -> list[float]:
        return [sample.count / sample.seconds for sample in self.samples]

    def _each(self, spent: Sequence[float | None]) -> float | None:
        if any(one is None for one in spent):
            return None
        return statistics.median(
            1e6 * one / sample.count for one, sample in zip(spent, self.samples, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Meter:
    """Measures work that other processes do: `server` ids are those of PostgreSQL's backends."""

    admin: psycopg.Connection
    server: Sequence[int]
    clients: Sequence[int]

    def measure(self, work: Callable[[], int]) -> Sample:
        """`work` is done and returns how many it did."""
        server, clients, wal = cpu(self.server), cpu(self.clients), self._wal()
        began = time.perf_counter()
        count = work()
        seconds = time.perf_counter() - began
        return Sample(
            count=count,
            seconds=seconds,
            server_cpu=_difference(server, cpu(self.server)),
            client_cpu=_difference(clients, cpu(self.clients)),
            wal_bytes=self._wal() - wal,
        )

    def _wal(self) -> int:
        return int(self.admin.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()[0])


def cpu(pids: Sequence[int]) -> float | None:
    """Return the seconds of CPU that these processes have used, or None if a process cannot be seen from
    here."""
    try:
        stats = [Path(f"/proc/{pid}/stat").read_text() for pid in pids]
    except FileNotFoundError:
        return None
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    return sum(int(one[11]) + int(one[12]) for one in fields) / TICKS_PER_SECOND


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
