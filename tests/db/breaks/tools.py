"""What the breaks of the books are made with, and the lists that hold them."""

import itertools
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection

from gigstream.lib import sql
from payments.enums import AccountName
from payments.models import Account, LedgerEntry, Stream
from payments.services import accounts, parts
from platforms.models import Task
from tests.db.rich_history import History
from workers.models import Worker

Break = Callable[[History], None]

BREAKS: list[tuple[str, Break]] = []
# The label that recompute_statistics prints, and a statement that spoils one row of it.
DERIVED: list[tuple[str, str]] = []
_keys = itertools.count(1)
_COVER_ALL_TASKS = Path(settings.BASE_DIR) / "payments" / "migrations" / "sql" / "cover_all_tasks.sql"


def breaks(name: str) -> Callable[[Break], Break]:
    def add(case: Break) -> Break:
        BREAKS.append((name, case))
        return case

    return add


def run(statement: str, *parameters: object) -> None:
    """One statement; it must change at least one row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        assert cursor.rowcount != 0, statement


def unguard(*, keep_unique: bool = False) -> None:
    """Until the savepoint is rolled back, the database refuses nothing: no CHECK, no UNIQUE, no trigger."""
    kinds = "'c'" if keep_unique else "'c', 'u'"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            f"""
            DO $$
            DECLARE one record;
            BEGIN
                FOR one IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
                           WHERE contype IN ({kinds}) AND connamespace = 'public'::regnamespace LOOP
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.relation, one.conname);
                END LOOP;
                FOR one IN SELECT indexrelid::regclass AS name FROM pg_index
                           WHERE indisunique AND NOT indisprimary AND {not keep_unique}
                             AND indrelid IN (SELECT oid FROM pg_class
                                              WHERE relnamespace = 'public'::regnamespace) LOOP
                    EXECUTE format('DROP INDEX %s', one.name);
                END LOOP;
                FOR one IN SELECT DISTINCT tgrelid::regclass AS relation FROM pg_trigger
                           WHERE NOT tgisinternal LOOP
                    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', one.relation);
                END LOOP;
            END $$
            """
        )
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def run_any(statement: str) -> None:
    """One statement that changes no rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def house(name: str) -> int:
    return accounts.of_house(AccountName(name))


def of_worker(worker: Worker, name: str) -> int:
    return accounts.of_worker(worker.pk, AccountName(name))


def of_platform(platform_id: UUID, name: str) -> int:
    return accounts.of_platform(platform_id, AccountName(name))


def book(kind: str, debit: int, credit: int, amount: Decimal | str = "1", **fields: object) -> LedgerEntry:
    """An entry whose balances have followed, whether or not there is cover."""
    if kind != "release":
        fields.setdefault("idempotency_key", f"break:{next(_keys)}")
    entry = LedgerEntry(
        kind=kind, debit_account_id=debit, credit_account_id=credit, amount=Decimal(amount), **fields
    )
    LedgerEntry.unguarded.bulk_create([entry])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts SET balance = balance - %s WHERE id = %s", [entry.amount, debit])
        cursor.execute("UPDATE accounts SET balance = balance + %s WHERE id = %s", [entry.amount, credit])
    follow_parts(entry)
    return entry


def follow_parts(entry: LedgerEntry) -> None:
    """The parts of the workers' money on either side are as the entry makes them."""
    of_workers = Account.objects.exclude(payout_schedule=None)
    if of_workers.filter(pk=entry.debit_account_id).exists():
        parts.cover([parts.Debit(entry.debit_account_id, entry.pk, entry.amount)])
    if of_workers.filter(pk=entry.credit_account_id).exists():
        parts.refresh([entry.credit_account_id])


def follow_covered_parts() -> None:
    """Write anew, from the covered parts and the payouts, what debits took of the pay of each task and
    platform, and the tasks' payout status."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM covered_tasks")
        cursor.execute("DELETE FROM platform_payouts")
        cursor.execute("UPDATE tasks SET payout_status = 'none', paid_out_at = NULL")
    sql.run_script(sql.load(_COVER_ALL_TASKS), {})


def adjust(debit: int, credit: int, amount: Decimal | str = "1") -> None:
    """An entry by hand, properly signed."""
    entry = book("adjustment", debit, credit, amount)
    run("INSERT INTO adjustments VALUES (%s, 'ann', 'bob', 'a test')", entry.pk)


def wash(kind: str, debit: int, credit: int, amount: Decimal | str = "1", **fields: object) -> None:
    """An entry, and an adjustment that takes its money back: no balance has changed."""
    book(kind, debit, credit, amount, **fields)
    adjust(credit, debit, amount)


def open_all_days() -> None:
    """No day's sums are on record, so that a changed transaction does not contradict them."""
    run("DELETE FROM transaction_days")


def hold_more(task: Task) -> None:
    """One more USDC was held for the task, and taken back by hand."""
    escrow = of_platform(task.platform_id, "escrow")
    wash("hold", of_platform(task.platform_id, "available"), escrow, task_id=task.pk)


def last_release(stream: Stream) -> LedgerEntry:
    return LedgerEntry.objects.filter(stream=stream, kind="release").order_by("-sequence")[0]
