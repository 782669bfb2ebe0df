"""Requests to the API, sent to several servers in turn."""

import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.benchmarks import contenders
from tests.benchmarks.databases import Server, manage
from tests.benchmarks.load import NUMBER, NUMBER_WIDTH
from tests.benchmarks.measure import Meter, Series
from tests.benchmarks.results import Table, number
from tests.benchmarks.scale import Size
from tests.benchmarks.webservers import WebServer

CONNECTIONS = 8
PEOPLE = 200
FILLED = "api"
# The rows that a posted task has written, for all alike.
WRITTEN = ("tasks", "audit_logs", "events", "answered_requests")

Start = Callable[[str], WebServer]


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of request: its texts, a text for each sender, and the status of its answer."""

    name: str
    requests: list[str]
    status: int


@dataclass(slots=True)
class Taken:
    """The cost of the requests of a kind for a contender."""

    series: Series
    seconds: list[float] = field(default_factory=list)
    statements: float | None = None

    def percentile_ms(self, percent: int) -> float:
        """So many percent of the requests took no longer."""
        return 1000 * statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]

    def cpu_ms(self) -> float | None:
        """Return the server's and PostgreSQL's CPU time for a request."""
        server, database = self.series.client_micros(), self.series.server_micros()
        return None if server is None or database is None else (server + database) / 1000


class Ground:
    """A database full of history, and the people who call in its copies."""

    def __init__(self, server: Server, size: Size, stack: ExitStack) -> None:
        self._server, self._size, self._stack = server, size, stack
        url = server.create_migrated(FILLED)
        manage("seed_demo", "--scale", str(size.history), url=url)
        server.count_statements(FILLED)
        desk = contenders.python("callers", url)
        people = desk.ask("people", workers=PEOPLE)
        self.token_key: str = desk.ask("token_key")["key"]
        desk.close()
        self._works = (
            Work("a worker's overview", [_reading(token) for token in people["tokens"]], 200),
            Work("a task posted", [_posting(key) for key in people["keys"]], 201),
        )
        self._load = contenders.python("load", url)
        stack.callback(self._load.close)

    def measure(self, starts: Mapping[str, Start]) -> dict[str, dict[str, Taken]]:
        """Measure the cost of each kind of request for each contender; the books of all of them hold."""
        names = {name: f"{FILLED}_{place}" for place, name in enumerate(starts)}
        urls = {name: self._server.create(database, like=FILLED) for name, database in names.items()}
        servers = {name: start(urls[name]) for name, start in starts.items()}
        for one in servers.values():
            self._stack.callback(one.close)
        found = {work.name: {name: Taken(Series(name)) for name in starts} for work in self._works}
        for round_ in range(self._size.rounds + 1):
            for work in self._works:
                for name, one in servers.items():
                    taken = found[work.name][name] if round_ else Taken(Series(name))
                    self._round(work, one, names[name], taken)
        for name, url in urls.items():
            self._require_same_work(name, names[name], url)
        return found

    def _round(self, work: Work, one: WebServer, database: str, taken: Taken) -> None:
        count = self._size.requests
        self._server.checkpoint()
        asked = self._server.statements(database)
        meter = Meter(self._server.admin, one.backends(self._server.admin), one.pids())

        def call() -> int:
            answer = self._load.ask(
                "call",
                port=one.port,
                requests=work.requests,
                count=count,
                connections=CONNECTIONS,
                wanted=work.status,
            )
            taken.seconds += answer["taken"]
            return count

        taken.series.samples.append(meter.measure(call))
        now_asked = self._server.statements(database)
        if asked is not None and now_asked is not None:
            # Reading the number is a statement, too.
            taken.statements = (now_asked - asked - 1) / count

    def _require_same_work(self, name: str, database: str, url: str) -> None:
        posted = (self._size.rounds + 1) * self._size.requests
        before, after = (self._server.count_rows(one, WRITTEN) for one in (FILLED, database))
        written = {table: after[table] - before[table] for table in WRITTEN}
        if set(written.values()) != {posted}:
            raise RuntimeError(f"{name} has posted {posted} tasks and written {written}")
        desk = contenders.python("callers", url)
        broken = desk.ask("check_books")["broken"]
        desk.close()
        if broken:
            raise RuntimeError(f"the books of {name} do not hold: {broken}")


def _reading(token: str) -> str:
    return f"GET /api/v1/me/overview HTTP/1.1\r\n{_headers(token)}\r\n"


def _posting(key: str) -> str:
    body = (
        f'{{"title": "Deliver parcel {NUMBER}", "task_type": "fixed", "amount": "12.50",'
        f' "external_task_id": "parcel-{NUMBER}", "description": "From the depot to the customer"}}'
    )
    length = len(body) + 2 * (NUMBER_WIDTH - len(NUMBER))
    return (
        f"POST /api/v1/tasks HTTP/1.1\r\n{_headers(key)}Idempotency-Key: post-{NUMBER}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )


def _headers(credential: str) -> str:
    return f"Host: 127.0.0.1\r\nAuthorization: Bearer {credential}\r\nUser-Agent: gigstream-benchmark\r\n"


def table(work: str, taken: Mapping[str, Taken], size: Size) -> Table:
    """Return a table of the costs of a kind of request for all contenders."""
    rows = []
    for name, one in taken.items():
        client, server = one.series.client_micros(), one.series.server_micros()
        rows.append(
            [
                name,
                number(one.series.rate()),
                number(one.percentile_ms(50)),
                number(one.percentile_ms(95)),
                number(None if client is None else client / 1000),
                number(None if server is None else server / 1000),
                number(one.cpu_ms()),
                number(one.statements),
            ]
        )
    return Table(
        f"{work.capitalize()}, {size.rounds} rounds of {size.requests:,} at {CONNECTIONS} connections",
        ["who", "requests/s", "p50 ms", "p95 ms", "server CPU ms", "PostgreSQL CPU ms", "both", "statements"],
        rows,
    )
