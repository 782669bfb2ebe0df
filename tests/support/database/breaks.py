"""Tools for breaking the books, and the lists that hold the breaks."""

import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from gigstream.core import sql
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.ledger.subjects import STREAM, TASK, SubjectKind
from payments.models import Account, LedgerEntry, Stream
from payments.settlement.payouts.services import parts
from platforms.models import Task
from tests.support.database.parameters import Parameter
from tests.support.database.rich_history import History
from workers.models import Worker

Break = Callable[[History], None]

BREAKS: list[tuple[str, Break]] = []
# The label that recompute_statistics prints, and a statement that spoils a row of it.
DERIVED: list[tuple[str, str]] = []
_keys = itertools.count(1)


def breaks(name: str) -> Callable[[Break], Break]:
    def add(case: Break) -> Break:
        BREAKS.append((name, case))
        return case

    return add


def run(statement: str, *parameters: Parameter) -> None:
    """Run a statement; it must change at least a row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        assert cursor.rowcount != 0, statement


def unguard(*, keep_unique: bool = False) -> None:
    """Let the database refuse nothing until the savepoint is rolled back: no CHECK, no UNIQUE, no trigger."""
    kinds = "'c'" if keep_unique else "'c', 'u'"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            f"""
            DO $$
            DECLARE one record;
            BEGIN
                FOR one IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
                           WHERE contype IN ({kinds}) AND connamespace = 'public'::regnamespace
                             AND coninhcount = 0 LOOP
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', one.relation, one.conname);
                END LOOP;
                FOR one IN SELECT indexrelid::regclass AS name FROM pg_index
                           WHERE indisunique AND NOT indisprimary AND {not keep_unique}
                             AND indrelid IN (SELECT oid FROM pg_class
                                              WHERE relnamespace = 'public'::regnamespace) LOOP
                    EXECUTE format('DROP INDEX %s', one.name);
                END LOOP;
                FOR one IN SELECT DISTINCT tgrelid::regclass AS relation FROM pg_trigger
                           WHERE NOT tgisinternal AND tgparentid = 0 LOOP
                    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', one.relation);
                END LOOP;
            END $$
            """
        )
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def run_any(statement: str) -> None:
    """Run a statement that changes no rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def house(name: str) -> int:
    return accounts.of_house(AccountName(name))


def of_worker(worker: Worker, name: str) -> int:
    return accounts.of_worker(worker.pk, AccountName(name))


def of_platform(platform_id: UUID, name: str) -> int:
    return accounts.of_platform(platform_id, AccountName(name))


def book(kind: str, debit: int, credit: int, amount: Decimal | str = "1", **fields: object) -> LedgerEntry:
    """Book an entry whose balances have followed, whether or not there is cover."""
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


def belonging_to(kind: SubjectKind, id_: UUID) -> dict[str, Any]:
    """Columns of an entry that belongs to this row."""
    return {"subject_kind": kind.number, "subject_id": id_}


def follow_parts(entry: LedgerEntry) -> None:
    """Make the parts of the workers' money on either side as the entry makes them."""
    of_workers = Account.objects.exclude(payout_schedule=None)
    if of_workers.filter(pk=entry.debit_account_id).exists():
        parts.cover_debits([parts.Debit(entry.debit_account_id, entry.pk, entry.amount)])
    if of_workers.filter(pk=entry.credit_account_id).exists():
        parts.refresh_parts([entry.credit_account_id])


def follow_covered_parts() -> None:
    """Write anew, from the covered parts and the payouts, the debits of the pay of each task and platform,
    and the tasks' payout status."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM covered_tasks")
        cursor.execute("DELETE FROM platform_payouts")
        cursor.execute("UPDATE tasks SET payout_status = 'none', paid_out_at = NULL")
    sql.run_script(sql.text("gigstream/demo/scale/19_covered_tasks"), {})


def adjust(debit: int, credit: int, amount: Decimal | str = "1") -> None:
    """Book an entry by hand, properly signed."""
    entry = book("adjustment", debit, credit, amount)
    run(
        "INSERT INTO adjustments (entry_id, requested_by, approved_by, reason)"
        " VALUES (%s, 'ann', 'bob', 'a test')",
        entry.pk,
    )


def wash(kind: str, debit: int, credit: int, amount: Decimal | str = "1", **fields: object) -> None:
    """Book an entry, and an adjustment that takes its money back: no balance has changed."""
    book(kind, debit, credit, amount, **fields)
    adjust(credit, debit, amount)


def open_all_days() -> None:
    """Delete the sums of all days, so that a changed transaction does not contradict them."""
    run("DELETE FROM transaction_days")


def hold_more(task: Task) -> None:
    """Hold a further USDC for the task, and take it back by hand."""
    escrow = of_platform(task.platform_id, "escrow")
    wash("hold", of_platform(task.platform_id, "available"), escrow, **belonging_to(TASK, task.pk))


def last_release(stream: Stream) -> LedgerEntry:
    return LedgerEntry.objects.of(STREAM, stream.pk).order_by("-sequence")[0]
