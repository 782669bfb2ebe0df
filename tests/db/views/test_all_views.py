"""All views: their models, and look-ups by indexes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from gigstream.core.errors import GuardedWrite
from gigstream.core.postgres.reports import Report
from loans.models import Loan
from loans.policy.reports import WorkerEarnings
from payments.models import Stream
from platforms.models import Platform
from reputation.models import ReputationEvent
from tests.support.factories import (
    WorkerFactory,
)
from workers import services as workers
from workers.models import Worker

pytestmark = pytest.mark.django_db


REPORTS = [model for model in apps.get_models() if issubclass(model, Report)]


def test_all_eight_views_have_a_model():
    assert sorted(model._meta.db_table for model in REPORTS) == [
        "active_streams_view",
        "daily_transaction_summary",
        "loan_repayment_status_view",
        "platform_performance_view",
        "reputation_history_view",
        "task_completion_stats_view",
        "worker_earnings_view",
        "worker_risk_assessment",
    ]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report._meta.db_table)
def test_a_model_has_exactly_its_views_columns_in_order(report):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {report._meta.db_table} LIMIT 0")
        names = [column.name for column in cursor.description]
    assert [field.column for field in report._meta.fields] == names


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report._meta.db_table)
def test_a_report_can_be_neither_saved_nor_deleted(report):
    rows = report.objects.all()
    for write in (
        report().save,
        report().delete,
        report.objects.create,
        rows.delete,
        lambda: rows.update(pk=None),
        lambda: report.objects.bulk_create([report()]),
    ):
        with pytest.raises(GuardedWrite):
            write()


def test_a_worker_without_money_history_is_deleted_past_the_views(now):
    worker = WorkerFactory(now=now)
    assert WorkerEarnings.objects.filter(worker=worker).exists()

    workers.delete_worker(worker_id=worker.pk)

    assert not WorkerEarnings.objects.filter(pk=worker.pk).exists()


BIG = {
    "tasks",
    "transactions",
    "ledger_entries",
    "streams",
    "milestones",
    "disputes",
    "engagements",
    "accounts",
    "loans",
    "reputation_events",
    "task_tallies",
    "platform_rewards",
}


def scans(plan: dict[str, Any], parent: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every node of a plan that reads a big table, with the type of the node above it."""
    if plan.get("Relation Name") in BIG:
        yield plan, parent
    for child in plan.get("Plans", ()):
        yield from scans(child, plan["Node Type"])


LOOKUPS = [
    ("worker_earnings_view", "worker_id", Worker),
    ("worker_risk_assessment", "worker_id", Worker),
    ("reputation_history_view", "worker_id", Worker),
    ("reputation_history_view", "event_id", ReputationEvent),
    ("loan_repayment_status_view", "worker_id", Worker),
    ("loan_repayment_status_view", "loan_id", Loan),
    ("active_streams_view", "worker_id", Worker),
    ("active_streams_view", "stream_id", Stream),
    ("platform_performance_view", "platform_id", Platform),
    ("task_completion_stats_view", "platform_id", Platform),
]


def test_one_subject_is_looked_up_in_indexes(now, crowd):
    subjects = [(view, column, model.objects.first().pk) for view, column, model in LOOKUPS]
    for view, column, value in [*subjects, ("daily_transaction_summary", "day", now.date())]:
        found = list(scans(plan_of(f"SELECT * FROM {view} WHERE {column} = %s", value)))
        assert found, view
        for node, parent in found:
            assert node["Node Type"] != "Seq Scan", (view, node)
            # The first and the last day of all are each the end of an index.
            if parent != "Limit":
                assert "Index Cond" in node or "Recheck Cond" in node, (view, node)


@pytest.fixture
def crowd() -> None:
    """Tables large enough for the planner to choose as it would in earnest."""
    text = (Path(__file__).parents[1] / "crowd.sql").read_text()
    with connection.cursor() as cursor:
        cursor.execute(text % {"workers": 200, "platforms": 20, "tasks": 6000})


def plan_of(query: str, value: object) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", [value])
        return cursor.fetchone()[0][0]["Plan"]
