"""GigStream's API under several web servers, at 8 connections."""

from contextlib import ExitStack

from tests.benchmarks.callings import Ground, Start, table
from tests.benchmarks.databases import Server
from tests.benchmarks.results import Results
from tests.benchmarks.scale import Size
from tests.benchmarks.webservers import Command, WebServer, granian, gunicorn

SERVERS: dict[str, Command] = {
    "granian, 2 processes of 4 threads": granian(2, 4),
    "granian, 1 process of 8 threads": granian(1, 8),
    "gunicorn, 2 processes of 4 threads": gunicorn(2, 4),
    "gunicorn, 1 process of 8 threads": gunicorn(1, 8),
    "gunicorn, 8 processes": gunicorn(8, 1),
}


def run(server: Server, size: Size, results: Results) -> None:
    """Let all of them answer in turn, each from a copy of the same database."""
    with ExitStack() as stack:
        ground = Ground(server, size, stack)
        found = ground.measure({name: _start(name, command) for name, command in SERVERS.items()})
    results.tables += [table(work, taken, size) for work, taken in found.items()]


def _start(name: str, command: Command) -> Start:
    return lambda url: WebServer(name, command, url)
