"""Results as the reader sees them: goals met or not, and tables."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.databases import Server

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
GIB = 1 << 30
MET = {True: "yes", False: "**no**", None: "-"}


@dataclass(frozen=True, slots=True)
class Goal:
    """A promise about speed, and its measurement."""

    what: str
    found: str
    wanted: str
    # None: it cannot be measured here.
    met: bool | None


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        lines = [self.headings, ["---"] * len(self.headings), *self.rows]
        return "\n".join([f"### {self.title}", "", *(f"| {' | '.join(line)} |" for line in lines)])


@dataclass(slots=True)
class Results:
    """The findings of all benchmarks of a run; `plans` are printed and not published."""

    goals: list[Goal] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)

    def add(self, found: "Results") -> None:
        """Add the findings of a benchmark to those of the run."""
        self.goals += found.goals
        self.tables += found.tables
        self.plans += found.plans

    def text(self, server: Server) -> str:
        goals = Table(
            "Goals",
            ["what", "measured", "goal", "met"],
            [[goal.what, goal.found, goal.wanted, MET[goal.met]] for goal in self.goals],
        )
        return "\n\n".join([conditions(server), *(table.text() for table in (goals, *self.tables))])

    def publish(self, server: Server, page: Path) -> None:
        """Replace the part of the page between the two marks by the findings of this run."""
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n{self.text(server)}\n{END}{after}", encoding="utf-8")


def conditions(server: Server) -> str:
    """Return the date and the machine of the measurement."""
    memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / GIB:.0f} GB of memory"
    settings = ", ".join(f"{name} {value}" for name, value in server.settings().items())
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({_processor()}), {memory},"
        f" Linux {platform.release().split('-')[0]}, Python {platform.python_version()},"
        f" PostgreSQL {server.version()} ({settings})."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def at_least(what: str, found: float, wanted: float, unit: str = "times") -> Goal:
    return Goal(what, f"{number(found)} {unit}", f">= {number(wanted)} {unit}", found >= wanted)


def at_most(what: str, found: float | None, wanted: float, unit: str = "") -> Goal:
    met = None if found is None else found <= wanted
    return Goal(what, f"{number(found)} {unit}".strip(), f"<= {number(wanted)} {unit}".strip(), met)


def number(value: float | None) -> str:
    """Three figures are enough for anything measured."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    digits = 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")
