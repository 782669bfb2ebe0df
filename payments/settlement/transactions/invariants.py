"""Transactions against the ledger, the chain and the provider."""

from audit.books.invariant_registry import Invariant, by_sql, register
from payments.figures.services.statistics import LATE_ACTIVITY, WRONG_DAYS

register(
    Invariant(
        "in_transit_is_what_is_under_way",
        "A worker's money in transit equals the sum of their pending and submitted payouts, a platform's that"
        " of its withdrawals.",
        by_sql(
            """
            WITH under_way AS (
                SELECT CASE WHEN type = 'withdrawal' THEN platform_id ELSE worker_id END AS owner_id,
                       sum(amount) AS amount
                FROM transactions
                WHERE type IN ('payout', 'advance', 'withdrawal') AND status IN ('pending', 'submitted')
                GROUP BY 1
            ),
            in_transit AS (
                SELECT coalesce(worker_id, platform_id) AS owner_id, balance FROM accounts
                WHERE name = 'in_transit'
            )
            SELECT owner_id FROM under_way FULL JOIN in_transit USING (owner_id)
            WHERE coalesce(amount, 0) <> coalesce(balance, 0)
            ORDER BY owner_id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "confirmed_on_chain_has_a_hash",
        "Every confirmed transfer on the chain has its transaction hash.",
        by_sql(
            """
            SELECT id FROM transactions
            WHERE status = 'confirmed' AND type IN ('payout', 'advance', 'withdrawal', 'deposit')
              AND coalesce(tx_hash, '') = ''
            ORDER BY id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "chain_hash_is_used_once",
        "No two transactions share a transaction hash.",
        by_sql(
            """
            SELECT tx_hash FROM transactions
            WHERE tx_hash IS NOT NULL GROUP BY tx_hash HAVING count(*) > 1
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "transaction_key_is_used_once",
        "No two transactions share an idempotency key.",
        by_sql("SELECT idempotency_key FROM transactions GROUP BY idempotency_key HAVING count(*) > 1"),
        money=True,
    )
)

register(
    Invariant(
        "provider_transfer_is_used_once",
        "No two transactions stand for the same transfer at the provider.",
        by_sql(
            """
            SELECT circle_tx_id FROM transactions
            WHERE circle_tx_id IS NOT NULL GROUP BY circle_tx_id HAVING count(*) > 1
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "payout_is_held_once",
        "Every payout, advance and withdrawal has exactly one hold, of its amount.",
        by_sql(
            """
            SELECT t.id FROM transactions t
            LEFT JOIN ledger_entries e
                ON e.transaction_id = t.id AND e.kind IN ('payout_hold', 'withdrawal_hold')
            WHERE t.type IN ('payout', 'advance', 'withdrawal')
            GROUP BY t.id HAVING count(e.id) <> 1 OR sum(e.amount) <> t.amount
            ORDER BY t.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "payout_ended_as_its_status_says",
        "A confirmed transfer is settled once, a failed or cancelled one voided once, an open one neither.",
        by_sql(
            """
            SELECT t.id FROM transactions t
            LEFT JOIN ledger_entries e
                ON e.transaction_id = t.id
               AND e.kind IN ('payout_settled', 'payout_void', 'withdrawal_settled', 'withdrawal_void')
            WHERE t.type IN ('payout', 'advance', 'withdrawal')
            GROUP BY t.id
            HAVING count(e.id) <> (t.status IN ('confirmed', 'failed', 'cancelled'))::int
                OR bool_or(e.amount <> t.amount)
                OR bool_or((e.kind IN ('payout_settled', 'withdrawal_settled')) <> (t.status = 'confirmed'))
            ORDER BY t.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "internal_movement_has_its_entry",
        "Every confirmed deposit, fee, refund, reward and repayment has exactly one entry, of its amount.",
        by_sql(
            """
            SELECT t.id FROM transactions t
            LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.kind = t.type
            WHERE t.status = 'confirmed' AND t.type NOT IN ('payout', 'advance', 'withdrawal')
            GROUP BY t.id HAVING count(e.id) <> 1 OR sum(e.amount) <> t.amount
            ORDER BY t.id
            """
        ),
        money=True,
    )
)

register(
    Invariant(
        "last_activity_covers_transactions",
        "A worker was last active no earlier than at their latest transaction.",
        by_sql(f"SELECT id FROM ({LATE_ACTIVITY}) AS late ORDER BY id"),  # noqa: S608 - a constant of ours
    )
)

register(
    Invariant(
        "closed_days_follow_from_transactions",
        "The sums of a closed day are those of the transactions made on it.",
        by_sql(f"{WRONG_DAYS} ORDER BY day"),
    )
)
