"""`manage.py seed_demo --scale`: a year of many tasks, created by set-based SQL.

The files in `sql/` run in the order of their numbers; each creates the rows of a subject from the plan that
the earlier files have made. Derived columns come from the functions that rebuild them, balances from the
ledger. There is no audit log of that year.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from gigstream.core import sql
from gigstream.core.postgres.transactions import limit_minutes
from gigstream.demo.scale.usage import Use
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts, ledger
from payments.ledger.subjects import LOAN, QUEST, STREAM, TASK
from payments.settlement.sandbox.provider import SandboxProvider
from payments.streams.calculations import shard_of
from platforms.models import Platform
from reputation.scores import calculations as reputation
from workers import services as workers
from workers.models import MAX_REPUTATION, STARTING_REPUTATION, Worker

FEWEST, USUAL, MOST = 1_000, 1_000_000, 10_000_000
YEAR = timedelta(days=365)
WELCOME = Decimal(5)
PAYOUT_HOURS = 48
LIMIT_MINUTES = 60
# Days before now at which each round of advances is requested.
LOAN_ROUNDS = (330, 250, 170, 90, 45)

_SCALE = "gigstream/demo/scale"
_OF_QUESTS = ("quest_events", "quest_counts", "points_entries", "check_ins")
# Files that find the earnings and tasks of each payout from the ledger.
_COVER = ("18_covered_parts", "19_covered_tasks")


@dataclass(frozen=True, slots=True)
class Phase:
    """Part of the work with its name, its usual share of the time in percent, and its function."""

    name: str
    share: int
    run: Callable[[], None]


class Year:
    """History of `tasks` tasks up to `now`, and sixty days of `usage` events of use. Equal arguments give
    equal rows."""

    def __init__(self, tasks: int, usage: int, now: datetime) -> None:
        self.now = now
        self._tasks, self._usage = tasks, usage
        self._use = Use(usage, now) if usage else None
        self._parameters: dict[str, Any] = {
            "now": now,
            "start": now - YEAR,
            "tasks": tasks,
            "workers": max(tasks // 100, 20),
            "platforms": min(max(tasks // 2000, 5), 50),
            "welcome": WELCOME,
            "payout_hours": PAYOUT_HOURS,
            "term_days": settings.LOAN_TERM_DAYS,
            "default_after_days": settings.LOAN_DEFAULT_AFTER_DAYS,
            "starting_score": STARTING_REPUTATION,
            "highest_score": MAX_REPUTATION,
            "completed": reputation.COMPLETED,
            "on_time": reputation.ON_TIME_BONUS,
            "late": reputation.LATE,
            "neutral": reputation.NEUTRAL_RATING,
            "rating_step": reputation.RATING_STEP,
            "dispute_step": reputation.DISPUTE_STEP,
            "given_in_a_day": reputation.GIVEN_IN_A_DAY,
            "taken_in_a_day": reputation.TAKEN_IN_A_DAY,
            "given_by_one_payer": reputation.GIVEN_BY_ONE_PAYER,
            "loan_repaid": reputation.LOAN_REPAID,
            "loan_defaulted": reputation.LOAN_DEFAULTED,
            "task_kind": TASK.number,
            "stream_kind": STREAM.number,
            "loan_kind": LOAN.number,
            "quest_kind": QUEST.number,
        }

    def phases(self) -> list[Phase]:
        """Return the phases in order. Each commits by itself."""
        return [
            Phase("people", 1, self._people),
            Phase("plan", 6, lambda: self._run("04_plan", "05_earnings")),
            Phase("tasks", 16, lambda: self._run("06_tasks", into=["tasks", "milestones"])),
            Phase("streams", 4, lambda: self._run("07_streams", into=["streams"])),
            Phase("loans", 1, self._loans),
            Phase("transactions", 24, self._transactions),
            Phase("ledger", 24, lambda: self._run("14_ledger", into=["ledger_entries"])),
            Phase("quests", 7, lambda: self._run("15_quests", into=_OF_QUESTS)),
            Phase("reputation", 10, lambda: self._run("16_reputation", into=["reputation_events"])),
            Phase("balances", 1, self._balances),
            Phase("settled", 1, lambda: self._run("20_settled_quests")),
            Phase("statistics", 3, self._statistics),
            Phase("transfers", 1, self._transfers),
            *self._phases_of_use(),
            Phase("tidying", 1, self._tidy),
        ]

    def _phases_of_use(self) -> list[Phase]:
        """Return the parts of the use, whose events take about a tenth of the time that tasks take."""
        parts = self._use.parts() if self._use else []
        share = max(round(10 * self._usage / self._tasks / max(len(parts), 1)), 1)
        return [Phase(name, share, run) for name, run in parts]

    def _run(self, *files: str, into: Sequence[str] = (), **more: Any) -> None:
        """Run the files in a transaction with a long time limit and more memory.

        `into` names the large tables that they fill: their foreign keys are checked and their indexes built
        once for all rows.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            limit_minutes(LIMIT_MINUTES)
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'")
            put_back = [statement for table in into for statement in _set_aside(table)]
            for name in files:
                sql.run_script(sql.text(f"{_SCALE}/{name}"), self._parameters | more)
            for statement in [*put_back, *(f"ANALYZE {table}" for table in into)]:
                cursor.execute(statement)

    def _people(self) -> None:
        self._run("00_forget", "01_tools", "02_people")
        worker_ids = list(Worker.objects.values_list("pk", flat=True))
        for name in (AccountName.AVAILABLE, AccountName.IN_TRANSIT, AccountName.LOAN):
            accounts.of_workers(worker_ids, name)
        for platform_id in Platform.objects.values_list("pk", flat=True):
            accounts.of_platform(platform_id, AccountName.AVAILABLE)
            accounts.of_platform(platform_id, AccountName.ESCROW)
        for name in (AccountName.OUTSIDE, AccountName.FEES, AccountName.REWARDS, AccountName.LOSSES):
            accounts.of_house(name)
        self._run("03_cast", worker_ids=worker_ids, shards=[shard_of(worker_id) for worker_id in worker_ids])

    def _loans(self) -> None:
        for number, days_ago in enumerate(LOAN_ROUNDS, start=1):
            self._run("08_loans", round=number, days_ago=days_ago)
        self._run("09_loans_of_today")

    def _transactions(self) -> None:
        self._run("10_quest_plan")
        self._run("11_payouts", "12_transactions", "13_quest_transactions", into=["transactions"])

    @transaction.atomic
    def _balances(self) -> None:
        """Set the balances to the sums of their entries, by the ledger's own function."""
        limit_minutes(LIMIT_MINUTES)
        rows = sql.run(f"{_SCALE}/17_balances")
        booked: dict[int, Decimal] = {row["account_id"]: row["amount"] for row in rows}
        ledger.post([], now=self.now, already_booked=booked)
        for name in _COVER:
            sql.run_script(sql.text(f"{_SCALE}/{name}"), {})

    def _statistics(self) -> None:
        workers.age_accounts(now=self.now)
        call_command("recompute_statistics", stdout=StringIO())
        payments.close_transaction_days(now=self.now)

    def _transfers(self) -> None:
        """Submit the pending transfers that were due a second ago."""
        at = self.now - timedelta(seconds=1)
        payments.submit_payouts(now=at, provider=SandboxProvider(clock=lambda: at))

    def _tidy(self) -> None:
        """Analyse the tables; outside of a transaction, vacuum them too."""
        self._run("00_forget")
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            usual = cursor.fetchone()[0]
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)")
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [usual])


def _set_aside(table: str) -> list[str]:
    """Drop the table's foreign keys and its indexes except the primary key.

    Returns the statements that restore them. The transaction locks the table, so that no other session sees
    it without them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(sql.text(f"{_SCALE}/set_aside"), {"table": table})
        found = cursor.fetchall()
        for drop, _, _ in found:
            cursor.execute(drop)
    return [make for _, make, _ in found]
