"""A single earning posted: a whole task completed by GigStream, beside a bare entry posted by
django-hordak."""

from contextlib import ExitStack

from tests.benchmarks import contenders, fill
from tests.benchmarks.contenders import Contender
from tests.benchmarks.databases import Server, manage
from tests.benchmarks.fill import Crowd
from tests.benchmarks.measure import Meter, Sample, Series
from tests.benchmarks.results import Results, Table, at_least, number
from tests.benchmarks.scale import Size

GIGSTREAM = "GigStream completes a fixed task: earning, fee, statistics, reputation, audit"
ENTRY = "GigStream posts one entry between two accounts"
HORDAK = "django-hordak posts one transaction with two legs"
HORDAK_SETTINGS = "tests.benchmarks.hordak_settings"
# Rounds are short here, so there are more of them.
ROUNDS_EACH = 2
# A bare entry is an adjustment, and nobody has signed these.
UNSIGNED = {"adjustment_is_signed_by_two"}
OWN = {GIGSTREAM: "complete", ENTRY: "entries"}


def run(server: Server, size: Size, results: Results) -> None:
    """Both post in turn, each to a database of its own."""
    with ExitStack() as stack:
        url = _filled(server, size)
        who = {name: contenders.python(module, url) for name, module in OWN.items()}
        if size.peers:
            who[HORDAK] = _hordak(server)
        for one in who.values():
            stack.callback(one.close)
        series = {name: Series(name) for name in who}
        for number_ in range(ROUNDS_EACH * size.rounds + 1):
            for name, one in who.items():
                sample = _round(server, one, size.postings)
                if number_:  # the first only warms up
                    series[name].samples.append(sample)
        parts = _parts(who[GIGSTREAM], size)
        broken = set(who[GIGSTREAM].ask("check_books")["broken"]) - UNSIGNED
        if broken:
            raise RuntimeError(f"the books do not hold after the postings: {broken}")
    if size.peers:
        for what, name in (("one earning", GIGSTREAM), ("one bare entry", ENTRY)):
            found = series[name].rate() / series[HORDAK].rate()
            results.goals.append(at_least(f"{what} posted, against django-hordak's bare entry", found, 1))
    results.tables += [_table(list(series.values()), size), parts]


def explain(server: Server, size: Size, results: Results) -> None:
    """Return the plans of a completion's statements, after some have warmed up."""
    with ExitStack() as stack:
        one = contenders.python("complete", _filled(server, size))
        stack.callback(one.close)
        _round(server, one, size.postings)
        one.ask("prepare", count=1)
        results.plans += one.ask("explain")["plans"]


def _filled(server: Server, size: Size) -> str:
    """Return the URL of a database with workers that have tasks behind them, and platforms to post new
    ones."""
    url = server.create_migrated("posting")
    fill.fill(url, Crowd.of(size.streams // 10, size.workers // 10, size.platforms))
    manage("recompute_statistics", url=url)
    return url


def _hordak(server: Server) -> Contender:
    return contenders.python("hordak_post", server.create("hordak"), settings=HORDAK_SETTINGS)


def _round(server: Server, one: Contender, count: int) -> Sample:
    one.ask("prepare", count=count)
    server.checkpoint()
    return Meter(server.admin, [one.backend], [one.pid]).measure(lambda: one.ask("post")["count"])


def _parts(one: Contender, size: Size) -> Table:
    """Return where the time of a completed task goes, statement by statement."""
    one.ask("prepare", count=size.postings)
    found = one.ask("parts")
    statements = [[title, number(times), number(1000 * each)] for title, times, each in found["statements"]]
    outside = found["whole"] - sum(each for *_, each in found["statements"])
    rows = [*statements, ["the application's own work, BEGIN and COMMIT", "", number(1000 * outside)]]
    return Table(f"One completed task, mean of {size.postings}", ["statement", "times", "ms"], rows)


def _table(series: list[Series], size: Size) -> Table:
    rows = []
    for one in series:
        slowest, fastest = one.spread()
        rows.append(
            [
                one.name,
                number(1000 / one.rate()),
                f"{number(1000 / fastest)} to {number(1000 / slowest)}",
                number(one.server_micros()),
                number(one.client_micros()),
                number(one.wal_each()),
            ]
        )
    return Table(
        f"Posting one after the other, {ROUNDS_EACH * size.rounds} rounds of {size.postings}",
        ["what", "ms each", "fastest to slowest", "PostgreSQL µs", "client µs", "WAL bytes"],
        rows,
    )
