"""Invariants of the parts of earnings that payouts took and holds keep."""

from audit.books.invariant_registry import Invariant, by_sql, register

# The parts of every worker's money from the account's watermark on.
_OPEN = """
    parts AS (
        SELECT p.* FROM open_parts(ARRAY(
            SELECT id FROM accounts WHERE payout_schedule IS NOT NULL AND balance <> 0 ORDER BY id)) p
    )
"""

register(
    Invariant(
        "payout_holds_are_within_available",
        "The amounts of a worker's open holds add up to at most the available money.",
        by_sql(
            """
            SELECT h.worker_id FROM payout_holds h
            JOIN accounts a ON a.worker_id = h.worker_id AND a.name = 'available'
            WHERE h.ended_at IS NULL
            GROUP BY h.worker_id, a.balance HAVING sum(h.amount) > a.balance
            ORDER BY h.worker_id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "payout_hold_stands_in_its_workers_parts",
        "The parts that a worker's hold of an amount names are earnings of that worker and add up to it.",
        by_sql(
            """
            SELECT h.id FROM payout_holds h
            LEFT JOIN payout_hold_parts p ON p.hold_id = h.id
            LEFT JOIN ledger_entries e ON e.id = p.entry_id
            LEFT JOIN accounts a ON a.id = e.credit_account_id
            WHERE h.worker_id IS NOT NULL
            GROUP BY h.id
            HAVING coalesce(sum(p.amount), 0) <> coalesce(h.amount, 0)
                OR bool_or(a.worker_id <> h.worker_id OR a.name <> 'available')
            ORDER BY h.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "debit_covers_its_amount",
        "Every debit of a worker's available money covers earnings of its amount. A deduction from its own"
        " earning and a payout that was given back cover none.",
        by_sql(
            """
            WITH debits AS (
                SELECT e.id, e.amount, e.transaction_id, e.kind, e.withheld_from_id IS NOT NULL AS withheld
                FROM ledger_entries e
                JOIN accounts a ON a.id = e.debit_account_id AND a.payout_schedule IS NOT NULL
                WHERE e.sequence IS NULL
            ),
            covered AS (
                SELECT entry_id, sum(amount) AS amount
                FROM covered_parts WHERE NOT given_back GROUP BY entry_id
            )
            SELECT d.id FROM debits d LEFT JOIN covered c ON c.entry_id = d.id
            WHERE coalesce(c.amount, 0) <> CASE
                WHEN d.withheld THEN 0
                WHEN d.kind = 'payout_hold' AND EXISTS (
                    SELECT FROM ledger_entries v
                    WHERE v.transaction_id = d.transaction_id AND v.kind = 'payout_void') THEN 0
                ELSE d.amount END
            ORDER BY d.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "available_is_what_parts_have_left",
        "A worker's available money is the rest of the parts from its watermark on, and no part is covered or"
        " held beyond its amount.",
        by_sql(
            f"""
            WITH {_OPEN}
            SELECT a.id FROM accounts a LEFT JOIN parts p ON p.account_id = a.id
            WHERE a.payout_schedule IS NOT NULL
            GROUP BY a.id, a.balance
            HAVING coalesce(sum(p.uncovered), 0) <> a.balance
                OR bool_or(p.uncovered < 0 OR p.uncovered > p.net OR p.held > p.uncovered)
            ORDER BY a.id
            """  # noqa: S608 - a constant of this file
        ),
        money=True,
    )
)

register(
    Invariant(
        "oldest_part_is_the_oldest_free_one",
        "The age by which a worker's payouts are due is that of the oldest part neither covered nor held.",
        by_sql(
            f"""
            WITH {_OPEN}
            SELECT a.id FROM accounts a
            LEFT JOIN parts p ON p.account_id = a.id AND p.uncovered > p.held
            GROUP BY a.id, a.oldest_part_at
            HAVING a.oldest_part_at IS DISTINCT FROM min(p.created_at)
            ORDER BY a.id
            """  # noqa: S608 - a constant of this file
        ),
    )
)

register(
    Invariant(
        "account_follows_its_workers_schedule",
        "A worker's available account has the payout schedule that the worker has chosen.",
        by_sql(
            """
            SELECT a.id FROM accounts a JOIN workers w ON w.id = a.worker_id
            WHERE a.name = 'available' AND a.payout_schedule IS DISTINCT FROM w.payout_schedule
            ORDER BY a.id
            """
        ),
    )
)

register(
    Invariant(
        "payout_hold_has_its_decisions",
        "Each hold that staff made of a worker's money has a decision, and another if it has ended.",
        by_sql(
            """
            SELECT h.id FROM payout_holds h
            WHERE h.kind = 'staff' AND h.worker_id IS NOT NULL
              AND (SELECT count(*) FROM decisions d
                   WHERE d.subject_type = 'payouthold' AND d.subject_id = h.id::text
                     AND d.rule IN ('payout.hold', 'payout.hold_end'))
                  <> CASE WHEN h.ended_at IS NULL THEN 1 ELSE 2 END
            ORDER BY h.id
            """
        ),
    )
)
