"""The API's hot requests at 8 connections: GigStream, the same services in bare views, Hono with Drizzle."""

from contextlib import ExitStack

from tests.benchmarks.callings import CONNECTIONS, Ground, Start, Taken, table
from tests.benchmarks.databases import Server
from tests.benchmarks.results import Goal, Results, at_most
from tests.benchmarks.scale import Size
from tests.benchmarks.webservers import GIGSTREAM, WebServer, hono, web

BARE, HONO = "bare Django views", "Hono + Drizzle"
P95_MS = 100


def run(server: Server, size: Size, results: Results) -> None:
    """Let all contenders answer in turn, each from a copy of the same database."""
    with ExitStack() as stack:
        ground = Ground(server, size, stack)
        contenders: dict[str, Start] = {
            GIGSTREAM: lambda url: WebServer(GIGSTREAM, web(), url),
            BARE: lambda url: WebServer(BARE, web("tests.benchmarks.bare_wsgi:application"), url),
        }
        if size.peers:
            contenders[HONO] = lambda url: WebServer(HONO, hono(), url, TOKEN_KEY=ground.token_key)
        found = ground.measure(contenders)
    for work, taken in found.items():
        if size.peers:
            results.goals.append(_against(work, taken))
        p95 = taken[GIGSTREAM].percentile_ms(95)
        results.goals.append(at_most(f"{work}, p95 at {CONNECTIONS} connections", p95, P95_MS, "ms"))
        results.tables.append(table(work, taken, size))


def _against(work: str, taken: dict[str, Taken]) -> Goal:
    ours, theirs = taken[GIGSTREAM].cpu_ms(), taken[HONO].cpu_ms()
    ratio = None if ours is None or theirs is None else ours / theirs
    return at_most(f"{work}, CPU of server and PostgreSQL against {HONO}", ratio, 1, "times")
