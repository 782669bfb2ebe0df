"""Usage reported: batches to the service, by one client and by two, and to the API, beside a loop by row and
Lago's table of events."""

from collections.abc import Mapping
from contextlib import ExitStack
from threading import Thread
from types import MappingProxyType
from typing import Any

from tests.benchmarks import contenders
from tests.benchmarks.contenders import Contender
from tests.benchmarks.databases import Server
from tests.benchmarks.measure import Meter, Sample, Series
from tests.benchmarks.results import Results, Table, at_least, number
from tests.benchmarks.scale import Size
from tests.benchmarks.webservers import GIGSTREAM, WebServer, web

ONE, TWO, BY_ROW = "report_usage, one client", "report_usage, two clients", "a loop of plain statements"
API = "the API, two clients"
LAGO = "Lago's table, by its own statements"
FASTEST = {ONE: 20_000, TWO: 40_000, API: 10_000}
TIMES_BY_ROW = 20


def run(server: Server, size: Size, results: Results) -> None:
    """Have all report in turn to the same database; the first round warms up."""
    with ExitStack() as stack:
        url = server.create_migrated("usage")
        clients = [contenders.python("listening", url) for _ in range(2)]
        for client in clients:
            stack.callback(client.close)
        clients[0].ask("fill", creators=size.usage_creators, works=10 * size.usage_creators)
        series = {name: Series(name) for name in (ONE, TWO, API, BY_ROW, LAGO)}
        site = WebServer(GIGSTREAM, web(), url)
        stack.callback(site.close)
        call = {"port": site.port, "key": clients[0].ask("api_key")["key"]}
        # Once: all then go on as a system does between two checkpoints, which are minutes apart.
        server.checkpoint()
        for round_number in range(size.rounds + 1):
            samples = {
                ONE: _round(server, clients[:1], "report", batches=size.usage_batches),
                TWO: _round(server, clients, "report", batches=size.usage_batches),
                API: _round(server, clients, "report_to_api", site, call, batches=size.usage_batches),
                BY_ROW: _round(server, clients[:1], "report_by_row", batches=1, events=size.by_row),
                LAGO: _round(server, clients[:1], "report_to_lago", batches=1, events=size.by_row),
            }
            if round_number:
                for name, sample in samples.items():
                    series[name].samples.append(sample)
        broken = clients[0].ask("check_books")["broken"]
        if broken:
            raise RuntimeError(f"the books do not hold after the reports: {broken}")
    by_row = series[BY_ROW].rate()
    for name, least in FASTEST.items():
        results.goals.append(at_least(name, series[name].rate(), least, "events a second"))
    results.goals.append(
        at_least("usage in batches, against row by row", series[ONE].rate() / by_row, TIMES_BY_ROW)
    )
    results.goals.append(
        at_least("usage in batches, against Lago's table", series[ONE].rate() / series[LAGO].rate(), 1)
    )
    results.tables.append(_table(list(series.values()), size))


def _round(
    server: Server,
    clients: list[Contender],
    do: str,
    site: WebServer | None = None,
    given: Mapping[str, Any] = MappingProxyType({}),
    **ready: int,
) -> Sample:
    """Have the clients do it at the same time, and measure them, or the site that they call."""
    for client in clients:
        client.ask("prepare", **ready)
    if site is None:
        meter = Meter(server.admin, [one.backend for one in clients], [one.pid for one in clients])
    else:
        meter = Meter(server.admin, site.backends(server.admin), site.pids())

    def report() -> int:
        counts: list[int] = []
        threads = [
            Thread(target=lambda one=one: counts.append(one.ask(do, **given)["count"])) for one in clients
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts)

    return meter.measure(report)


def _table(series: list[Series], size: Size) -> Table:
    return Table(
        f"Usage in batches of 5,000, {size.rounds} rounds",
        [
            "who",
            "events a second",
            "slowest to fastest",
            "PostgreSQL CPU us each",
            "client CPU us each",
            "WAL bytes each",
        ],
        [
            [
                one.name,
                number(one.rate()),
                " to ".join(number(rate) for rate in one.spread()),
                number(one.server_micros()),
                number(one.client_micros()),
                number(one.wal_each()),
            ]
            for one in series
        ],
    )
