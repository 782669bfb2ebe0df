"""Every invariant holds after a rich history, and each notices when it, and only it, is broken."""

import json
import logging

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.books import services as books
from audit.books.invariant_registry import all_invariants
from audit.books.jobs import check_books as check_books_job
from audit.models import BookCheck
from tests.support.database.rich_history import History

NAMES = [invariant.name for invariant in all_invariants()]


def test_everything_holds_after_a_rich_history(history):
    results = books.check_books()
    assert [(one.name, one.offenders) for one in results if not one.passed] == []
    assert [one.name for one in results] == NAMES


def test_every_invariant_says_in_one_sentence_what_must_hold():
    for invariant in all_invariants():
        assert invariant.words.endswith(".")
        assert "\n" not in invariant.words


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


def _spoil_ages(history: History) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workers SET account_age_days = account_age_days + 1")


def _worker_ids() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM workers")
        return {id_ for (id_,) in cursor.fetchall()}
