"""Invariants of the ledger by itself: accounts and entries."""

from audit.books.invariant_registry import Invariant, by_sql, register
from gigstream.core import sql
from payments.ledger.entry_kinds import registered_kinds
from payments.ledger.subjects import all_kinds

register(
    Invariant(
        "balances_add_up_to_zero",
        "The balances of all accounts add up to zero.",
        by_sql("SELECT 'sum ' || sum(balance) FROM accounts HAVING sum(balance) <> 0"),
        money=True,
    )
)

register(
    Invariant(
        "balance_is_the_sum_of_its_entries",
        "The balance of each account equals the sum of its entries, credits minus debits.",
        by_sql(
            """
            WITH booked AS (
                SELECT account_id, sum(amount) AS amount
                FROM (
                    SELECT credit_account_id AS account_id, sum(amount) AS amount
                    FROM ledger_entries GROUP BY 1
                    UNION ALL
                    SELECT debit_account_id, -sum(amount) FROM ledger_entries GROUP BY 1
                ) AS sides
                GROUP BY account_id
            )
            SELECT a.id FROM accounts a LEFT JOIN booked b ON b.account_id = a.id
            WHERE a.balance <> coalesce(b.amount, 0)
            ORDER BY a.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "balance_is_not_overdrawn",
        "Only the loan accounts, the rewards, the losses and the account outside are below zero.",
        by_sql(
            """
            SELECT id FROM accounts
            WHERE balance < 0 AND NOT (
                CASE WHEN worker_id IS NOT NULL THEN name = 'loan'
                     WHEN platform_id IS NOT NULL THEN false
                     ELSE name IN ('rewards', 'losses', 'outside') END)
            ORDER BY id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "ledger_accounts_exist",
        "Every ledger entry moves money between two accounts that exist.",
        by_sql(
            """
            SELECT e.id FROM ledger_entries e
            LEFT JOIN accounts d ON d.id = e.debit_account_id
            LEFT JOIN accounts c ON c.id = e.credit_account_id
            WHERE d.id IS NULL OR c.id IS NULL
            ORDER BY e.id
            """
        ),
        money=True,
    )
)


def _find_orphans() -> list[str]:
    """Return the entries whose subject does not exist, or is of a kind that no app has registered."""
    kinds = all_kinds()
    orphans = [
        f"SELECT e.id FROM ledger_entries e LEFT JOIN {kind.table} s ON s.id = e.subject_id"  # noqa: S608
        f" WHERE e.subject_kind = {kind.number} AND s.id IS NULL"
        for kind in kinds
    ]
    numbers = ", ".join(str(kind.number) for kind in kinds)
    unknown = f"SELECT id FROM ledger_entries WHERE subject_kind NOT IN ({numbers})"  # noqa: S608
    return by_sql(" UNION ALL ".join([*orphans, unknown]) + " ORDER BY id")()


register(
    Invariant(
        "ledger_subjects_exist",
        "The subject of every ledger entry exists and is of a registered kind.",
        _find_orphans,
        money=True,
    )
)

register(
    Invariant(
        "ledger_key_is_used_once",
        "No two ledger entries have the same idempotency key, and only a release has none.",
        by_sql(
            """
            SELECT idempotency_key FROM ledger_entries
            WHERE idempotency_key IS NOT NULL
            GROUP BY idempotency_key HAVING count(*) > 1
            UNION ALL
            SELECT id::text FROM ledger_entries WHERE idempotency_key IS NULL AND kind <> 'release'
            """
        ),
        money=True,
    )
)


def _find_misfits() -> list[str]:
    """Return the entries of a kind that no subject has registered, or between accounts that do not belong to
    their kind."""
    kinds = registered_kinds()
    allowed = [(kind.name, debit, credit) for kind in kinds for debit, credit in kind.moves]
    rows = sql.run(
        "payments/ledger/misfits",
        kinds=[kind for kind, _, _ in allowed],
        debits=[debit for _, debit, _ in allowed],
        credits=[credit for _, _, credit in allowed],
        anywhere=[kind.name for kind in kinds if not kind.moves],
    )
    return [str(row["id"]) for row in rows]


register(
    Invariant(
        "ledger_entry_fits_its_kind",
        "Every entry moves money between the accounts that belong to its registered kind; between accounts of"
        " workers or of platforms it stays with the same owner.",
        _find_misfits,
        money=True,
    )
)

register(
    Invariant(
        "ledger_entry_keeps_to_its_task",
        "An entry of a task moves only its platform's and its worker's money, and a release goes from"
        " its stream's escrow account to its stream's worker account.",
        by_sql(
            """
            SELECT e.id FROM ledger_entries e
            JOIN tasks t ON t.id = e.subject_id
            JOIN accounts d ON d.id = e.debit_account_id
            JOIN accounts c ON c.id = e.credit_account_id
            WHERE coalesce(d.platform_id, t.platform_id) <> t.platform_id
               OR coalesce(c.platform_id, t.platform_id) <> t.platform_id
               OR coalesce(d.worker_id, t.worker_id) IS DISTINCT FROM t.worker_id
               OR coalesce(c.worker_id, t.worker_id) IS DISTINCT FROM t.worker_id
            UNION ALL
            SELECT e.id FROM ledger_entries e
            JOIN streams s ON s.id = e.subject_id
            WHERE e.kind = 'release'
              AND (e.debit_account_id, e.credit_account_id) <> (s.escrow_account_id, s.worker_account_id)
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "adjustment_is_signed_by_two",
        "Every adjustment is signed by two members of staff and has a reason.",
        by_sql(
            """
            SELECT e.id FROM ledger_entries e
            LEFT JOIN adjustments a ON a.entry_id = e.id
            WHERE e.kind = 'adjustment'
              AND (a.entry_id IS NULL OR a.requested_by = a.approved_by OR a.reason = '')
            ORDER BY e.id
            """
        ),
        money=True,
    )
)
