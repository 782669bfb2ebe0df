"""Derived columns that are wrong are found and repaired, and right ones are left alone."""

import pytest
from django.core.management import call_command
from django.db import connection

from tests.db.breaks import DERIVED, unguard
from tests.support.books import violated
from tests.support.database.shared import savepoint
from tests.support.long_forms import spread


@pytest.fixture(scope="module")
def told(told, django_db_blocker):
    """The history in a database that refuses no value."""
    with django_db_blocker.unblock(), savepoint():
        unguard(keep_unique=True)
        yield told


class TestRecompute:
    @pytest.mark.parametrize(
        "label, statement",
        spread(DERIVED, of="derived columns", one_in=10),
        ids=lambda value: value.split(" WHERE")[0],
    )
    def test_a_wrong_column_is_counted_by_a_dry_run_and_repaired(self, history, capsys, label, statement):
        ids = {"worker": history.worker.pk, "platform": history.platform.pk}
        before = _derived_rows()
        with connection.cursor() as cursor:
            cursor.execute(statement, ids)
            assert cursor.rowcount == 1
        wrong = _derived_rows()
        assert wrong != before

        call_command("recompute_statistics", dry_run=True)
        assert _wrong_in(capsys) == {label: 1}
        assert _derived_rows() == wrong

        call_command("recompute_statistics")
        assert _wrong_in(capsys) == {label: 1}
        assert violated() == {}
        assert _derived_rows() == before

    def test_right_columns_are_left_alone(self, history, capsys):
        before = _derived_rows()
        call_command("recompute_statistics")
        assert _wrong_in(capsys) == {}
        assert _derived_rows() == before


def _wrong_in(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    lines = [line.rsplit(maxsplit=2) for line in capsys.readouterr().out.splitlines() if "wrong" in line]
    assert len(lines) == 10
    return {label: int(rows) for label, rows, _ in lines if int(rows)}


# What is read of every derived column; days are read through their summary, since wrong ones open again.
_DERIVED_ROWS = (
    "SELECT reputation_score, total_tasks, total_earned, completion_rate, average_rating,"
    " dispute_rate, account_age_days, last_active_at FROM workers ORDER BY id",
    "SELECT platform_id, worker_id, open_tasks, finished_tasks, first_at, last_at, last_assigned_at,"
    " paid_amount, small_pay"
    " FROM engagements ORDER BY platform_id, worker_id",
    "SELECT total_payouts, total_tasks, active_workers, unique_workers FROM platforms ORDER BY id",
    "SELECT platform_id, task_type, created_tasks, assigned_tasks, in_progress_tasks, completed_tasks,"
    " disputed_tasks, cancelled_tasks, paid_amount, fee_amount, took FROM task_tallies"
    " ORDER BY platform_id, task_type",
    "SELECT platform_id, bonus_amount, bonus_fee, quest_amount, quest_fee FROM platform_rewards"
    " ORDER BY platform_id",
    "SELECT * FROM daily_transaction_summary ORDER BY id",
    "SELECT id, payout_status, paid_out_at FROM tasks ORDER BY id",
)


def _derived_rows() -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    with connection.cursor() as cursor:
        for statement in _DERIVED_ROWS:
            cursor.execute(statement)
            rows += cursor.fetchall()
    return rows
