"""Releasing due streams: GigStream's engine, the same SQL from psql, and loops that go row by row."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg

from tests.benchmarks import contenders, fill
from tests.benchmarks.contenders import Contender, Psql
from tests.benchmarks.databases import Server, manage
from tests.benchmarks.fill import Crowd
from tests.benchmarks.measure import Meter, Sample, Series
from tests.benchmarks.results import Goal, Results, Table, at_least, at_most, number
from tests.benchmarks.scale import Size

ENGINE = "GigStream"
PSQL = "the same SQL from psql"
PAIR = "two releasers"
MILLION = "two releasers, idle streams around"
NAIVE = "Django loop with signals"
DRIZZLE = "Drizzle row by row"


class Race:
    """The contenders, each in a database that was filled alike, and their rounds."""

    def __init__(self, server: Server, size: Size, stack: ExitStack) -> None:
        self.server, self.size = server, size
        self.crowd = _filled(server, size)
        # The psql contender replays the engine's statements: their databases begin and stay equal.
        for name in ("psql", "pair", "million", "by_row"):
            server.create(name, like="release")
        fill.add_idle(server.url("million"), self.crowd, size.idle_streams)
        [self.engine], [self.psql] = self._enter(stack, "release"), [Psql(server.url("psql"))]
        stack.callback(self.psql.close)
        self.pair, self.million = self._enter(stack, "pair", 2), self._enter(stack, "million", 2)
        [self.naive] = self._enter(stack, "by_row", module="naive")
        self.by_row = {NAIVE: self.naive}
        if size.peers:
            self.by_row[DRIZZLE] = contenders.drizzle(server.url("by_row"))
            stack.callback(self.by_row[DRIZZLE].close)
        self.script = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "release.sql"
        self.series = {name: Series(name) for name in (ENGINE, PSQL, PAIR, MILLION, *self.by_row)}
        self.picks: dict[str, list[float]] = {"release": [], "million": []}
        self.ticks: dict[str, list[float]] = {"release": [], "million": []}

    def _enter(
        self, stack: ExitStack, database: str, count: int = 1, module: str = "engine"
    ) -> list[Contender]:
        entered = [contenders.python(module, self.server.url(database)) for _ in range(count)]
        for one in entered:
            stack.callback(one.close)
        return entered

    def round(self, number: int, *, counts: bool = True) -> None:
        """Let every contender release the streams that are due at the next interval, in turn."""
        now = self.crowd.due_at(number).isoformat()
        for name, sample in self._samples(now):
            sys.stderr.write(f"round {number}: {name}, {sample.seconds:.1f} s\n")
            if counts:
                self.series[name].samples.append(sample)

    def _samples(self, now: str) -> Iterator[tuple[str, Sample]]:
        yield ENGINE, self._measure("release", [self.engine], lambda: self.engine.ask("record", now=now))
        self.engine.ask("write", script=str(self.script))
        yield PSQL, self._measure("psql", [self.psql], lambda: self._replay(self.size.streams))
        yield PAIR, self._measure("pair", self.pair, lambda: _together(self.pair, now))
        yield MILLION, self._measure("million", self.million, lambda: _together(self.million, now))
        for name, one in self.by_row.items():
            yield name, self._measure("by_row", [one], lambda one=one: self._some(one, now))

    def _replay(self, count: int) -> dict[str, int]:
        self.psql.run(self.script)
        return {"count": count}

    def _some(self, one: Contender, now: str) -> dict[str, int]:
        return one.ask("run", now=now, limit=self.size.by_row)

    def _measure(self, database: str, who: list[Contender], work: Callable[[], dict[str, int]]) -> Sample:
        self.tidy(database)
        meter = Meter(self.server.admin, [one.backend for one in who], [one.pid for one in who])
        return meter.measure(lambda: work()["count"])

    def tidy(self, database: str) -> None:
        """Make every round begin alike: flush the writes, remove the dead rows."""
        self.server.checkpoint()
        with psycopg.connect(self.server.url(database), autocommit=True) as connection:
            connection.execute(f"VACUUM {', '.join(fill.HOT_TABLES)}")

    def look_for_due(self, number: int) -> None:
        """Measure finding due streams, and finding that there are none, with and without idle streams."""
        due, idle = self.crowd.due_at(number).isoformat(), self.crowd.start_at.isoformat()
        for database, one in (("release", self.engine), ("million", self.million[0])):
            self.tidy(database)
            self.picks[database].append(one.ask("pick", now=due)["seconds"])
            self.ticks[database].append(one.ask("pick", now=idle)["seconds"])

    def right_after_a_checkpoint(self, number: int) -> float:
        """Bytes of WAL for each stream when every page that is touched has to be written in full."""
        self.tidy("release")
        self.server.checkpoint()
        now = self.crowd.due_at(number).isoformat()
        meter = Meter(self.server.admin, [self.engine.backend], [self.engine.pid])
        sample = meter.measure(
            lambda: self.engine.ask("run", now=now, worker_index=0, worker_count=1)["count"]
        )
        return sample.wal_bytes / sample.count

    def deadlocks(self) -> int:
        """Return how often PostgreSQL had to break up two releasers."""
        with psycopg.connect(self.server.url("pair")) as connection:
            found = connection.execute(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
            return int(found.fetchone()[0])

    def require_sound_books(self) -> None:
        """Require that nobody was fast by doing less: all invariants hold, and the copies have booked the
        same."""
        for one in (self.engine, self.pair[0], self.naive):
            broken = one.ask("check_books")["broken"]
            if broken:
                raise RuntimeError(f"the books do not hold after the rounds: {broken}")
        if self._booked("release") != self._booked("psql"):
            raise RuntimeError("psql has booked other releases than the engine")

    def _booked(self, database: str) -> tuple[object, ...]:
        with psycopg.connect(self.server.url(database)) as connection:
            return connection.execute(
                "SELECT count(*), sum(amount), sum(hashtext(concat_ws(':', subject_id, sequence, amount)))"
                " FROM ledger_entries WHERE kind = 'release'"
            ).fetchone()


def _filled(server: Server, size: Size) -> Crowd:
    """Fill the database `release` with the crowd that every contender begins with."""
    crowd = Crowd.of(size.streams, size.workers, size.platforms)
    url = server.create_migrated("release")
    fill.fill(url, crowd)
    manage("recompute_statistics", url=url)
    return crowd


def _together(pair: list[Contender], now: str) -> dict[str, int]:
    for worker_index, one in enumerate(pair):
        one.control("run", now=now, worker_index=worker_index, worker_count=len(pair))
    return {"count": sum(one.answer()["count"] for one in pair)}


def run(server: Server, size: Size, results: Results) -> None:
    """Everybody releases the same streams, round by round; in the end all books hold."""
    with ExitStack() as stack:
        race = Race(server, size, stack)
        race.round(0, counts=False)
        for number_ in range(1, size.rounds + 1):
            race.round(number_)
        race.require_sound_books()
        for _ in range(size.rounds):
            race.look_for_due(size.rounds + 1)
        wal_at_first = race.right_after_a_checkpoint(size.rounds + 1)
        results.goals += _goals(race)
        results.tables += [_contenders(race, wal_at_first), _idle(race)]


def explain(server: Server, size: Size, results: Results) -> None:
    """Return the plans of a batch's statements."""
    crowd = _filled(server, size)
    with ExitStack() as stack:
        engine = contenders.python("engine", server.url("release"))
        stack.callback(engine.close)
        for number_ in range(2):
            engine.ask("run", now=crowd.due_at(number_).isoformat(), worker_index=0, worker_count=1)
        results.plans += engine.ask("explain", now=crowd.due_at(2).isoformat())["plans"]


def _goals(race: Race) -> list[Goal]:
    rates = {name: series.rate() for name, series in race.series.items()}
    engine, streams = race.series[ENGINE], race.size.streams
    finding = statistics.median(race.picks["million"]) / statistics.median(race.picks["release"])
    against = [(PSQL, 0.9), (NAIVE, 90), (DRIZZLE, 80)]
    return [
        *(
            at_least(f"release, against {name}", rates[ENGINE] / rates[name], wanted)
            for name, wanted in against
            if name in rates
        ),
        at_most("release: PostgreSQL's CPU for a stream", engine.server_micros(), 32, "µs"),
        at_most("release: WAL for a stream", engine.wal_each() / 1000, 1.3, "kB"),
        at_least("two releasers, against one", rates[PAIR] / rates[ENGINE], 1.7),
        at_most("deadlocks of two releasers", race.deadlocks(), 0),
        at_most(
            f"{streams:,} due among {streams + race.size.idle_streams:,} active, two releasers",
            race.series[MILLION].seconds(),
            5,
            "s",
        ),
        at_most("finding due work with the idle ones, against without", finding, 1.2, "times"),
    ]


def _contenders(race: Race, wal_at_first: float) -> Table:
    rows = []
    for series in race.series.values():
        low, high = series.spread()
        rows.append(
            [
                series.name,
                number(series.rate()),
                f"{number(low)} to {number(high)}",
                number(series.server_micros()),
                number(series.client_micros()),
                number(series.wal_each()),
            ]
        )
    rows.append([f"{ENGINE}, right after a checkpoint", "", "", "", "", number(wal_at_first)])
    size = race.size
    return Table(
        f"Release of {size.streams:,} due streams of {size.workers:,} workers and {size.platforms} platforms"
        f" (row by row: {size.by_row:,}), {size.rounds} rounds",
        ["who", "streams/s", "slowest to fastest", "PostgreSQL µs each", "client µs each", "WAL bytes each"],
        rows,
    )


def _idle(race: Race) -> Table:
    rows = []
    for database, idle in (("release", 0), ("million", race.size.idle_streams)):
        pick, tick = statistics.median(race.picks[database]), statistics.median(race.ticks[database])
        rows.append([f"{idle:,}", number(1000 * pick), number(1000 * tick)])
    return Table("Finding due work", ["idle streams", "lock a batch a shard, ms", "none due, ms"], rows)
