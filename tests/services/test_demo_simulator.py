"""The demo with the simulator of Circle: payouts settle over HTTP, and both books agree through the death
of any process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import urllib3
from django.core.management import CommandError, call_command

from gigstream import embedded
from gigstream.simulators import circle_settings

ROOT = Path(__file__).resolve().parents[2]
# Starting two servers, migrating and seeding takes most of it.
PATIENCE = 240


def eventually(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.2)


@contextmanager
def demo(said: Path, *, port: int, simulator_port: int) -> Iterator[subprocess.Popen]:
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env={
                **os.environ,
                "PORT": str(port),
                "SIMULATOR_PORT": str(simulator_port),
                "CIRCLE_SIMULATOR": "1",
            },
            stdout=output,
            stderr=output,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=90)


def free_port() -> int:
    """Return a port that nobody listens at now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def pids(said: Path, *names: str) -> list[int]:
    lines = said.read_text().splitlines()
    started = [line for line in lines if line.startswith(tuple(f"{name}: started (pid " for name in names))]
    return [int(line.split("pid ")[1].split(")")[0]) for line in started]


def paid_by_circle(simulator_port: int) -> set[tuple[str, str, str]]:
    """Return the simulator's completed transfers: id, wallet and hash of each."""
    answer = urllib3.request("POST", f"http://127.0.0.1:{simulator_port}/_simulator/state", json={})
    return {
        (one["id"], one["destinationAddress"], one["txHash"])
        for one in json.loads(answer.data)["transactions"]
        if (one["transactionType"], one["state"]) == ("OUTBOUND", "COMPLETE")
    }


def booked(simulator_ids: set[str]) -> set[tuple[str, str, str]]:
    """Return GigStream's bookings of them."""
    with psycopg.connect(embedded.database_url(circle_settings.DATABASE)) as database:
        rows = database.execute(
            "SELECT circle_tx_id, to_wallet, tx_hash FROM transactions"
            " WHERE status = 'confirmed' AND circle_tx_id = ANY(%s)",
            [sorted(simulator_ids)],
        ).fetchall()
    return set(rows)


def reports_applied() -> int:
    """Notifications that GigStream has believed and looked up."""
    with psycopg.connect(embedded.database_url(circle_settings.DATABASE)) as database:
        row = database.execute(
            "SELECT count(*) FROM provider_notifications WHERE status = 'applied'"
        ).fetchone()
    return row[0] if row else 0


def first_reconciliation() -> tuple[int, dict[str, int]] | None:
    """Return how many transfers of the last days agreed, and which did not, when the job first compared
    them."""
    with psycopg.connect(embedded.database_url(circle_settings.DATABASE)) as database:
        found = database.execute("SELECT matched, discrepancies FROM reconciliations ORDER BY id LIMIT 1")
        return found.fetchone()


@pytest.mark.long_form
def test_payouts_settle_over_http_and_both_books_agree(embedded_home: Path, place: Path) -> None:
    said, port, simulator_port = place / "said", free_port(), free_port()
    with demo(said, port=port, simulator_port=simulator_port) as process:
        eventually(lambda: process.poll() is not None or "beat: started" in said.read_text())
        assert process.poll() is None, said.read_text()[-3000:]
        eventually(lambda: pids(said, "circle"))
        eventually(lambda: _answers(simulator_port) and paid_by_circle(simulator_port))
        eventually(reports_applied)
        eventually(first_reconciliation)
        matched, discrepancies = first_reconciliation()
        assert (matched >= 2, discrepancies) == (True, {})

        for pid in pids(said, "web", "releases", "worker", "webhooks", "beat"):
            os.kill(pid, signal.SIGKILL)
        before = paid_by_circle(simulator_port)
        eventually(lambda: len(pids(said, "worker")) == 2)

        assert before <= paid_by_circle(simulator_port)
        assert len(pids(said, "circle")) == 1
        eventually(lambda: before <= booked({one[0] for one in before}))


def test_the_demo_refuses_a_taken_port_of_the_simulator_before_anything_is_started(monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("PORT", str(free_port()))
        monkeypatch.setenv("SIMULATOR_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("CIRCLE_SIMULATOR", "1")

        with pytest.raises(CommandError, match="SIMULATOR_PORT"):
            call_command("demo")


def _answers(port: int) -> bool:
    try:
        return urllib3.request("GET", f"http://127.0.0.1:{port}/ping", retries=False).status > 0
    except urllib3.exceptions.HTTPError:
        return False
