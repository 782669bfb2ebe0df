"""Figures of the database, read at each scrape by a fixed number of statements over small tables or indexes.

Prometheus knows floating point only: amounts are good for a graph, not for the books.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from gigstream import programs, progress
from gigstream.lib import sql
from loans.enums import LoanStatus
from payments.calculations import SHARDS
from payments.enums import OUTGOING, UNDER_WAY

logger = logging.getLogger(__name__)

_SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one statement answers: each of its rows is labelled by `labels`, and each other column of it is a
    gauge in `words`, by the column's name. A NULL is left out."""

    name: str
    words: Mapping[str, str]
    labels: Sequence[str] = ()
    parameters: Mapping[str, Any] | None = None

    def read(self) -> Iterator[GaugeMetricFamily]:
        """The gauges as they are now. Raises DatabaseError."""
        rows = sql.rows(sql.load(_SQL / f"{self.name}.sql"), dict(self.parameters or {}))
        for column, said in self.words.items():
            gauge = GaugeMetricFamily(f"gigstream_{column}", said, labels=self.labels)
            for row in rows:
                if row[column] is not None:
                    gauge.add_metric([str(row[label]) for label in self.labels], row[column])
            yield gauge


FIGURES = (
    Figures(
        "events",
        {
            "events_undelivered": "Events on their way to a webhook.",
            "events_oldest_undelivered_seconds": "Age of the oldest of them.",
            "webhooks_disabled": "Webhooks switched off after days of failures.",
        },
    ),
    Figures(
        "transfers",
        {
            "transfers_under_way": "Payouts and advances that the chain has not decided.",
            "transfers_oldest_seconds": "Age of the oldest of them.",
            "transfers_parked": "Those that no job takes up: staff must look.",
        },
        labels=("type", "status"),
        parameters={"types": sorted(OUTGOING), "statuses": sorted(UNDER_WAY)},
    ),
    Figures(
        "streams",
        {
            "streams_due": "Streams whose release is due.",
            "streams_latest_seconds": "By how much the latest of them is late.",
            "streams_parked": "Those whose release is not tried any more: staff must look.",
        },
        parameters={"shards": list(range(SHARDS))},
    ),
    Figures(
        "trouble",
        {
            "payouts_stopped": "Switches that stop payouts: all, a platform's or a provider's.",
            "discrepancies_open": "Differences that a reconciliation has found and nobody has resolved.",
            "discrepancies_oldest_seconds": "Age of the oldest of them.",
            "deliveries_dead": "Webhook deliveries that were given up.",
        },
    ),
    Figures(
        "breakers",
        {"provider_breaker_open": "1 while the provider is not called, 0.5 while one call tries."},
        labels=("provider",),
    ),
    Figures(
        "disputes",
        {
            "disputes_open": "Disputes that staff have not resolved: pay stands still until they do.",
            "disputes_oldest_seconds": "Age of the oldest of them.",
        },
    ),
    Figures(
        "jobs",
        {
            "job_every_seconds": "How often the job should run.",
            "job_start_age_seconds": "Since it last started.",
            "job_success_age_seconds": "Since it last succeeded.",
            "job_failing": "1 when its last run failed.",
        },
        labels=("job",),
        parameters={"jobs": list(settings.JOBS)},
    ),
    Figures(
        "books",
        {
            "books_check_age_seconds": "Since the books were last checked.",
            "books_invariants_checked": "Invariants in that check.",
            "books_invariants_violated": "Those of them that did not hold.",
        },
    ),
    Figures(
        "advances",
        {
            "advances": "Advances that are not repaid, by status.",
            "advances_outstanding_usdc": "What workers still owe of them.",
        },
        labels=("status",),
        parameters={
            "statuses": sorted(frozenset(LoanStatus) - {LoanStatus.REPAID, LoanStatus.CANCELLED}),
        },
    ),
    Figures(
        "connections",
        {
            "database_connections": "Connections to this database, of all programs.",
            "database_connections_in_transaction": "Those of them within a transaction.",
            "database_connections_waiting": "Those that wait for a lock.",
            "database_connections_limit": "As many as the server admits, to all its databases together.",
        },
    ),
)


def stream_lateness_seconds() -> float:
    """Return by how much the latest release is late."""
    streams = next(figures for figures in FIGURES if figures.name == "streams")
    rows = sql.rows(sql.load(_SQL / "streams.sql"), dict(streams.parameters or {}))
    return float(rows[0]["streams_latest_seconds"])


class MachineCollector(Collector):
    """What this machine's processes see: the broker, and the restarts of what `keep` or the demo runs."""

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        broker = GaugeMetricFamily("gigstream_broker_up", "1 when the broker answers.")
        try:
            programs.require_broker()
        except ConnectionError:
            broker.add_metric([], 0)
        else:
            broker.add_metric([], 1)
        restarts = CounterMetricFamily(
            "gigstream_restarts", "Restarts by the supervisors of this machine.", labels=("program",)
        )
        for name in programs.commands():
            restarts.add_metric([name], progress.restarts(name))
        return [broker, restarts]


class DatabaseCollector(Collector):
    """The figures, or only that the database does not answer."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        answers = GaugeMetricFamily("gigstream_database_up", "1 when the figures could be read.")
        try:
            gauges = [gauge for figures in FIGURES for gauge in figures.read()]
        except DatabaseError as error:
            logger.warning("no figures for Prometheus: %s", type(error).__name__)
            gauges = []
        answers.add_metric([], int(bool(gauges)))
        return [answers, *gauges]
