"""Figures of the database, read at each scrape by a fixed number of statements over small tables or indexes.

Prometheus has floating point only: amounts are for graphs, not for the books.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from gigstream.core import sql
from gigstream.processes import programs, progress
from loans.applications.enums import LoanStatus
from payments.settlement.transactions.enums import OUTGOING, UNDER_WAY
from payments.streams.calculations import SHARDS
from reputation.quests.enums import FAILED

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """Gauges of a statement: each column in `words` is a gauge with that description, and each row is
    labelled by the columns in `labels`. A NULL is left out."""

    name: str
    words: Mapping[str, str]
    labels: Sequence[str] = ()
    parameters: Mapping[str, Any] | None = None

    def read(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges with their present values. Raises DatabaseError."""
        rows = sql.run(f"gigstream/metrics/{self.name}", **dict(self.parameters or {}))
        for column, description in self.words.items():
            gauge = GaugeMetricFamily(f"gigstream_{column}", description, labels=self.labels)
            for row in rows:
                if row[column] is not None:
                    gauge.add_metric([str(row[label]) for label in self.labels], row[column])
            yield gauge


FIGURES = (
    Figures(
        "events",
        {
            "events_undelivered": "Events that are not delivered to their webhook yet.",
            "events_oldest_undelivered_seconds": "Age of the oldest of them.",
            "webhooks_disabled": "Webhooks disabled after days of failures or by staff.",
        },
    ),
    Figures(
        "transfers",
        {
            "transfers_under_way": "Payouts and advances that the chain has not confirmed or failed.",
            "transfers_oldest_seconds": "Age of the oldest of them.",
            "transfers_parked": "Those that are not submitted again: staff must act.",
        },
        labels=("type", "status"),
        parameters={"types": sorted(OUTGOING), "statuses": sorted(UNDER_WAY)},
    ),
    Figures(
        "streams",
        {
            "streams_due": "Streams whose release is due.",
            "streams_latest_seconds": "Lateness of the latest of them.",
            "streams_parked": "Streams whose release is not retried: staff must act.",
        },
        parameters={"shards": list(range(SHARDS))},
    ),
    Figures(
        "quests",
        {
            "quest_events_due": "Events of quests whose grant is due.",
            "quest_events_oldest_seconds": "Age of the oldest of them.",
            "quest_events_failing": "Events of quests whose grant has raised an error: staff must act.",
            "quest_rewards_held": "Rewards of quests that wait for a decision of staff.",
        },
        parameters={"failed": FAILED},
    ),
    Figures(
        "oracle",
        {
            "oracle_operations_open": "Records on the chain that are not confirmed or given up.",
            "oracle_oldest_open_seconds": "Age of the oldest of them.",
            "oracle_operations_dead": "Records given up within seven days: staff must act.",
            "oracle_creators_differing": "Creators of whom the chain shows other numbers.",
            "oracle_gas_fee_usdc": "Gas that records on the chain have cost in this UTC month.",
            "oracle_gas_reserved_usdc": "Gas that records under way may cost at most.",
            "oracle_gas_alarm": "1 when the budget for gas of this UTC month was used up.",
            "oracle_synced_age_seconds": "Seconds since a record was last seen on the chain.",
            "oracle_calls_last_hour": "Answered and failed calls about records in the last hour.",
            "oracle_failures_last_hour": "Those of them that failed.",
        },
    ),
    Figures(
        "usage",
        {
            "usage_store_waiting": "Events of usage that wait to be written to the store of raw events.",
            "usage_store_oldest_seconds": "Age of the oldest of them.",
            "usage_events_stray": "Events of usage that lie outside of all months: staff must act.",
        },
    ),
    Figures(
        "trouble",
        {
            "payouts_stopped": "Switches that stop payouts: all, a platform's or a provider's.",
            "discrepancies_open": "Discrepancies of reconciliations that staff have not resolved.",
            "discrepancies_oldest_seconds": "Age of the oldest of them.",
            "deliveries_dead": "Webhook deliveries that are not retried.",
        },
    ),
    Figures(
        "breakers",
        {"provider_breaker_open": "1 while the provider is not called, 0.5 during a trial call."},
        labels=("provider",),
    ),
    Figures(
        "disputes",
        {
            "disputes_open": "Disputes that staff have not resolved: pay is stopped until then.",
            "disputes_oldest_seconds": "Age of the oldest of them.",
        },
    ),
    Figures(
        "jobs",
        {
            "job_every_seconds": "Seconds between runs of the job.",
            "job_start_age_seconds": "Seconds since its last start.",
            "job_success_age_seconds": "Seconds since its last success.",
            "job_failing": "1 when its last run failed.",
        },
        labels=("job",),
        parameters={"jobs": list(settings.JOBS)},
    ),
    Figures(
        "books",
        {
            "books_check_age_seconds": "Seconds since the last check of the books.",
            "books_invariants_checked": "Invariants in that check.",
            "books_invariants_violated": "Violated invariants in that check.",
        },
    ),
    Figures(
        "advances",
        {
            "advances": "Advances that are not repaid, by status.",
            "advances_outstanding_usdc": "Their outstanding amount.",
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
            "database_connections_limit": "Limit of connections to all databases of the server.",
        },
    ),
)


def stream_lateness_seconds() -> float:
    """Return the lateness of the latest release in seconds."""
    streams = next(figures for figures in FIGURES if figures.name == "streams")
    rows = sql.run("gigstream/metrics/streams", **dict(streams.parameters or {}))
    return float(rows[0]["streams_latest_seconds"])


class MachineCollector(Collector):
    """Collector of the broker's state and of the restarts of programs on this machine."""

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
        for name in programs.program_commands():
            restarts.add_metric([name], progress.restart_count(name))
        return [broker, restarts]


class DatabaseCollector(Collector):
    """Collector of the database's figures, or of its failure to answer."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        answers = GaugeMetricFamily("gigstream_database_up", "1 when the figures could be read.")
        try:
            gauges = [gauge for figures in FIGURES for gauge in figures.read()]
        except DatabaseError as error:
            logger.warning("no figures for Prometheus: %s", type(error).__name__)
            gauges = []
        answers.add_metric([], int(bool(gauges)))
        return [answers, *gauges]
