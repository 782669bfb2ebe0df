"""`manage.py seed_demo --scale`: a year in the life of a large gig economy, made by set-based SQL.

The files beside this one run in the order of their numbers; each makes the rows of one domain from what the
ones before it have planned. Derived columns come from the functions that rebuild them, balances from the
ledger. There is no audit log of that year: nobody acted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from gigstream.lib import sql
from gigstream.lib.db import limit_minutes
from payments import services as payments
from payments.calculations import shard_of
from payments.enums import AccountName
from payments.provider.sandbox import SandboxProvider
from payments.services import accounts, ledger
from platforms.models import Platform
from reputation import calculations as reputation
from workers import services as workers
from workers.models import MAX_REPUTATION, STARTING_REPUTATION, Worker

FEWEST, USUAL, MOST = 1_000, 1_000_000, 10_000_000
YEAR = timedelta(days=365)
WELCOME = Decimal(5)
PAYOUT_HOURS = 48
LIMIT_MINUTES = 60
# When, counted back from now, the workers' advances of each round are asked for.
LOAN_ROUNDS = (330, 250, 170, 90, 45)

_SQL = Path(__file__).resolve().parent
_MIGRATIONS = Path(settings.BASE_DIR) / "payments" / "migrations" / "sql"
# Say which earnings each payout took, from the ledger alone, and of which tasks' pay.
_COVER = tuple(_MIGRATIONS / name for name in ("cover_all_parts.sql", "cover_all_tasks.sql"))


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of the work: its name, its usual share of the time in percent, and what does it."""

    name: str
    share: int
    run: Callable[[], None]


class Year:
    """The history of `tasks` tasks up to `now`: the same rows for the same two arguments."""

    def __init__(self, tasks: int, now: datetime) -> None:
        self.now = now
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
        }

    def phases(self) -> list[Phase]:
        """All there is to do, in order. Each phase commits by itself."""
        return [
            Phase("people", 1, self._people),
            Phase("plan", 6, lambda: self._run("04_plan", "05_earnings")),
            Phase("tasks", 16, lambda: self._run("06_tasks", into=["tasks", "milestones"])),
            Phase("streams", 4, lambda: self._run("07_streams", into=["streams"])),
            Phase("loans", 1, self._loans),
            Phase("transactions", 28, self._transactions),
            Phase("ledger", 28, lambda: self._run("12_ledger", into=["ledger_entries"])),
            Phase("reputation", 10, lambda: self._run("13_reputation", into=["reputation_events"])),
            Phase("balances", 1, self._balances),
            Phase("statistics", 3, self._statistics),
            Phase("transfers", 1, self._transfers),
            Phase("tidying", 1, self._tidy),
        ]

    def _run(self, *files: str, into: Sequence[str] = (), **more: Any) -> None:
        """The files in one transaction, which may take its time and its memory; `into` names the large tables
        that they fill, so that foreign keys are checked and indexes built once for all rows."""
        with transaction.atomic(), connection.cursor() as cursor:
            limit_minutes(LIMIT_MINUTES)
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'")
            put_back = [statement for table in into for statement in _set_aside(table)]
            for name in files:
                sql.run_script(sql.load(_SQL / f"{name}.sql"), self._parameters | more)
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
        for name in (AccountName.WORLD, AccountName.FEES, AccountName.REWARDS, AccountName.LOSSES):
            accounts.of_house(name)
        self._run("03_cast", worker_ids=worker_ids, shards=[shard_of(worker_id) for worker_id in worker_ids])

    def _loans(self) -> None:
        for number, days_ago in enumerate(LOAN_ROUNDS, start=1):
            self._run("08_loans", round=number, days_ago=days_ago)
        self._run("09_loans_of_today")

    def _transactions(self) -> None:
        self._run("10_payouts", "11_transactions", into=["transactions"])

    @transaction.atomic
    def _balances(self) -> None:
        """Every balance is the sum of its entries; the ledger's own function moves them there."""
        limit_minutes(LIMIT_MINUTES)
        rows = sql.rows(sql.load(_SQL / "14_balances.sql"))
        booked: dict[int, Decimal] = {row["account_id"]: row["amount"] for row in rows}
        ledger.post([], now=self.now, already_booked=booked)
        for script in _COVER:
            sql.run_script(sql.load(script), {})

    def _statistics(self) -> None:
        workers.age_accounts(now=self.now)
        call_command("recompute_statistics", stdout=StringIO())
        payments.close_transaction_days(now=self.now)

    def _transfers(self) -> None:
        """The provider has taken those pending transfers that were due a second ago."""
        at = self.now - timedelta(seconds=1)
        payments.submit_payouts(now=at, provider=SandboxProvider(clock=lambda: at))

    def _tidy(self) -> None:
        """The planner knows the tables; outside of a transaction their pages are marked as visible to all."""
        self._run("00_forget")
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            usual = cursor.fetchone()[0]
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)")
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [usual])


def _set_aside(table: str) -> list[str]:
    """The table has neither foreign keys nor indexes besides its primary key; returns the statements that
    make them again. Nobody else sees the table without them, since its transaction holds it locked."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(sql.load(_SQL / "set_aside.sql"), {"table": table})
        found = cursor.fetchall()
        for drop, _, _ in found:
            cursor.execute(drop)
    return [make for _, make, _ in found]
