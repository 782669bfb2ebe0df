"""Every invariant holds after a rich history, and each notices when it, and only it, is broken."""

import json
import logging
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from audit import books
from audit.invariants import all_invariants
from audit.models import BookCheck
from audit.tasks import check_books as check_books_job
from tests.db.breaks import BREAKS, DERIVED, unguard
from tests.db.rich_history import BLOCKED_WALLET, History, rich_history

NAMES = [invariant.name for invariant in all_invariants()]


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[History]:
    """One history for all cases: it is told in a transaction that is never committed."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.SANDBOX_BLOCKLIST", [BLOCKED_WALLET])
        frame = transaction.atomic()
        frame._from_testcase = True
        with frame:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield rich_history()
            transaction.set_rollback(True)


@pytest.fixture
def history(told: History, django_db_blocker: pytest.FixtureRequest) -> Iterator[History]:
    """The history, in a savepoint of the case's own."""
    with django_db_blocker.unblock():
        frame = transaction.atomic()
        frame._from_testcase = True
        with frame:
            yield told
            transaction.set_rollback(True)


def violated() -> set[str]:
    return {result.name for result in books.check_books() if not result.passed}


def test_everything_holds_after_a_rich_history(history):
    results = books.check_books()
    assert [(one.name, one.offenders) for one in results if not one.passed] == []
    assert [one.name for one in results] == NAMES


def test_every_invariant_has_a_case_that_breaks_it():
    assert {name for name, _ in BREAKS} == set(NAMES)


def test_every_invariant_says_in_one_sentence_what_must_hold():
    for invariant in all_invariants():
        assert invariant.words.endswith(".")
        assert "\n" not in invariant.words


@pytest.mark.parametrize("name, break_it", BREAKS, ids=[f"{name}-{case.__name__}" for name, case in BREAKS])
def test_a_break_is_noticed_by_its_own_invariant_alone(history, name, break_it):
    unguard()
    break_it(history)
    assert violated() == {name}


class TestCommand:
    def test_it_prints_every_invariant_and_keeps_the_results(self, history, capsys):
        call_command("check_books")

        out = capsys.readouterr().out
        assert all(name in out for name in NAMES)
        assert f"{len(NAMES)} of {len(NAMES)} invariants hold" in out
        assert set(BookCheck.objects.values_list("name", "passed")) == {(name, True) for name in NAMES}
        assert BookCheck.objects.values("checked_at").distinct().count() == 1

    def test_it_exits_with_1_names_the_offenders_and_keeps_them(self, history, capsys):
        _spoil_ages(history)

        with pytest.raises(CommandError, match=f"1 of {len(NAMES)} invariants are violated") as refusal:
            call_command("check_books")

        assert refusal.value.returncode == 1
        out = capsys.readouterr().out
        assert "the number of days from its creation" in out
        kept = BookCheck.objects.get(passed=False)
        assert (kept.name, kept.violations) == ("account_age_follows_from_its_day", len(_worker_ids()))
        assert kept.offenders
        assert set(kept.offenders) <= _worker_ids()
        assert len(kept.offenders) <= 5

    def test_json_can_be_read_by_a_program(self, history, capsys):
        _spoil_ages(history)
        only = ["account_age_follows_from_its_day", "balances_add_up_to_zero"]

        with pytest.raises(CommandError):
            call_command("check_books", json=True, only=only)

        age, zero = json.loads(capsys.readouterr().out)
        assert (age["name"], age["passed"], age["violations"]) == (only[0], False, len(_worker_ids()))
        assert (zero["name"], zero["passed"], zero["offenders"]) == (only[1], True, [])
        assert BookCheck.objects.count() == 2

    def test_no_record_keeps_nothing(self, history):
        call_command("check_books", no_record=True)
        assert not BookCheck.objects.exists()

    def test_an_unknown_name_is_refused(self, history):
        with pytest.raises(CommandError, match="there is no invariant nonsense"):
            call_command("check_books", only=["nonsense"])
        assert not BookCheck.objects.exists()

    def test_the_job_counts_violations_logs_them_and_succeeds(self, history, caplog):
        assert check_books_job() == 0
        _spoil_ages(history)
        with caplog.at_level(logging.ERROR):
            assert check_books_job() == len(_worker_ids())
        assert "account_age_follows_from_its_day" in caplog.text
        assert BookCheck.objects.filter(passed=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_all_checks_see_one_instant_and_cannot_write(monkeypatch):
    seen = []

    def look(invariant: object) -> object:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
            )
            seen.append(cursor.fetchone())
        return invariant

    monkeypatch.setattr(books, "_check", look)
    books.check_books()
    assert seen == [("repeatable read", "on")] * len(NAMES)


class TestRecompute:
    @pytest.mark.parametrize(
        "label, statement", DERIVED, ids=[statement.split(" WHERE")[0] for _, statement in DERIVED]
    )
    def test_a_wrong_column_is_counted_by_a_dry_run_and_repaired(self, history, capsys, label, statement):
        unguard(keep_unique=True)
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
        assert violated() == set()
        assert _derived_rows() == before

    def test_right_columns_are_left_alone(self, history, capsys):
        before = _derived_rows()
        call_command("recompute_statistics")
        assert _wrong_in(capsys) == {}
        assert _derived_rows() == before


def _wrong_in(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    lines = [line.rsplit(maxsplit=2) for line in capsys.readouterr().out.splitlines() if "wrong" in line]
    assert len(lines) == 9
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


def _spoil_ages(history: History) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workers SET account_age_days = account_age_days + 1")


def _worker_ids() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM workers")
        return {id_ for (id_,) in cursor.fetchall()}
