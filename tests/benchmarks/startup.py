"""From the command to the answer: `manage.py check`, and the first page of a server that was just started."""

import http.client
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from tests.benchmarks.databases import ROOT, Server, environment
from tests.benchmarks.results import Results, Table, at_most, number
from tests.benchmarks.scale import Size
from tests.support.servers.processes import CONFIGURED

PAGE = "/admin/login/"
GOALS = (("manage.py check", 1), (f"a new server's first page, {PAGE}", 3))
PATIENCE_SECONDS = 60


def run(server: Server, size: Size, results: Results) -> None:
    """Start each anew every time; the files are in the operating system's cache after the first."""
    env = environment(server.create_migrated("startup"))
    rows = []
    for (what, wanted), start in zip(GOALS, (_check, _first_page), strict=True):
        start(env)
        taken = [_seconds(start, env) for _ in range(size.starts)]
        median = statistics.median(taken)
        results.goals.append(at_most(f"cold start of {what}", median, wanted, "s"))
        rows.append([what, number(median), f"{number(min(taken))} to {number(max(taken))}"])
    results.tables.append(
        Table(f"Start, {size.starts} times each", ["what", "s", "fastest to slowest"], rows)
    )


def _seconds(start: Callable[[dict[str, str]], None], env: dict[str, str]) -> float:
    began = time.perf_counter()
    start(env)
    return time.perf_counter() - began


def _check(env: dict[str, str]) -> None:
    subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=env, check=True, capture_output=True)


def _first_page(env: dict[str, str]) -> None:
    """Wait for the first page. The socket listens before the server is there, so the answer comes as soon
    as possible."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bind = ["--bind", f"fd://{listener.fileno()}"]
        command = [sys.executable, "-m", "gunicorn", *CONFIGURED, *bind, "gigstream.wsgi"]
        server = subprocess.Popen(
            command, cwd=ROOT, env=env, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL
        )
        try:
            _get(listener.getsockname()[1])
        finally:
            server.terminate()
            server.wait()


def _get(port: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    client.request("GET", PAGE)
    answer = client.getresponse()
    if answer.status != 200 or b"<form" not in answer.read():
        raise RuntimeError(f"{PAGE} answered {answer.status}")
    client.close()
