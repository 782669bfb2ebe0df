"""The ledger by itself: accounts and entries."""

from audit.invariants import Invariant, by_sql, register

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
        "Only the loan accounts, the rewards, the losses and the world stand below zero.",
        by_sql(
            """
            SELECT id FROM accounts
            WHERE balance < 0 AND NOT (
                CASE WHEN worker_id IS NOT NULL THEN name = 'loan'
                     WHEN platform_id IS NOT NULL THEN false
                     ELSE name IN ('rewards', 'losses', 'world') END)
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

register(
    Invariant(
        "ledger_streams_exist",
        "Every ledger entry that names a stream names one that exists.",
        by_sql(
            """
            SELECT e.id FROM ledger_entries e
            WHERE e.stream_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM streams s WHERE s.id = e.stream_id)
            ORDER BY e.id
            """
        ),
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

register(
    Invariant(
        "ledger_entry_fits_its_kind",
        "Every entry moves money between the accounts that belong to its kind; within one worker or platform"
        " it stays with the same one.",
        by_sql(
            """
            WITH allowed (kind, debit, credit) AS (VALUES
                ('deposit', 'house world', 'platform available'),
                ('hold', 'platform available', 'platform escrow'),
                ('release', 'platform escrow', 'worker available'),
                ('earning', 'platform escrow', 'worker available'),
                ('fee', 'platform escrow', 'house fees'),
                ('refund', 'platform escrow', 'platform available'),
                ('advance', 'worker loan', 'worker available'),
                ('loan_fee', 'worker loan', 'house fees'),
                ('repayment', 'worker available', 'worker loan'),
                ('payout_hold', 'worker available', 'worker in_transit'),
                ('payout_settled', 'worker in_transit', 'house world'),
                ('payout_void', 'worker in_transit', 'worker available'),
                ('withdrawal_hold', 'platform available', 'platform in_transit'),
                ('withdrawal_settled', 'platform in_transit', 'house world'),
                ('withdrawal_void', 'platform in_transit', 'platform available'),
                ('reward', 'house rewards', 'worker available'),
                ('reward', 'platform escrow', 'worker available'),
                ('write_off', 'house losses', 'worker loan')
            ),
            owned AS (
                SELECT id, worker_id, platform_id,
                       CASE WHEN worker_id IS NOT NULL THEN 'worker '
                            WHEN platform_id IS NOT NULL THEN 'platform '
                            ELSE 'house ' END || name AS account
                FROM accounts
            )
            SELECT e.id FROM ledger_entries e
            JOIN owned d ON d.id = e.debit_account_id
            JOIN owned c ON c.id = e.credit_account_id
            LEFT JOIN allowed a ON (a.kind, a.debit, a.credit) = (e.kind, d.account, c.account)
            WHERE e.kind <> 'adjustment'
              AND (a.kind IS NULL OR d.worker_id <> c.worker_id OR d.platform_id <> c.platform_id)
            ORDER BY e.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "ledger_entry_keeps_to_its_task",
        "What is booked for a task moves only its platform's and its worker's money, and a release goes from"
        " its stream's escrow account to its stream's worker account.",
        by_sql(
            """
            SELECT e.id FROM ledger_entries e
            JOIN tasks t ON t.id = e.task_id
            JOIN accounts d ON d.id = e.debit_account_id
            JOIN accounts c ON c.id = e.credit_account_id
            WHERE coalesce(d.platform_id, t.platform_id) <> t.platform_id
               OR coalesce(c.platform_id, t.platform_id) <> t.platform_id
               OR coalesce(d.worker_id, t.worker_id) IS DISTINCT FROM t.worker_id
               OR coalesce(c.worker_id, t.worker_id) IS DISTINCT FROM t.worker_id
            UNION ALL
            SELECT e.id FROM ledger_entries e
            JOIN streams s ON s.id = e.stream_id
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
        "Every entry booked by hand is signed by two members of staff and has a reason.",
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
