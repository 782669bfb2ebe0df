-- The time from earning to wallet, for the earnings that the newest confirmed payouts carry. A payout carries the oldest
-- money of the account: going back from its hold, the credits before those that it left in the account, until its amount
-- is reached. Money that a void gave back was earned before; an advance has a transfer of its own. Repayments are not
-- subtracted from their earnings, so the oldest earning of a worker who repays may be missed.
WITH paid AS MATERIALIZED (
    SELECT t.id, t.amount, t.confirmed_at FROM transactions t
    WHERE t.status = 'confirmed' AND t.type = 'payout' AND t.created_at > %(since)s
    ORDER BY t.created_at DESC LIMIT %(payouts)s
),
held AS MATERIALIZED (
    SELECT p.amount, p.confirmed_at, h.id, a.id AS account_id,
           a.balance
           - coalesce((SELECT sum(c.amount) FROM ledger_entries c
                       WHERE c.credit_account_id = a.id AND c.id > h.id), 0)
           + coalesce((SELECT sum(d.amount) FROM ledger_entries d
                       WHERE d.debit_account_id = a.id AND d.sequence IS NULL AND d.id > h.id), 0) AS left_over
    FROM paid p
    JOIN ledger_entries h ON h.transaction_id = p.id AND h.kind = 'payout_hold'
    JOIN accounts a ON a.id = h.debit_account_id
)
SELECT count(DISTINCT h.id) AS payouts,
       extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY h.confirmed_at - e.created_at)) AS median,
       extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY h.confirmed_at - e.created_at)) AS p95
FROM held h
CROSS JOIN LATERAL (
    SELECT c.created_at, c.amount, sum(c.amount) OVER (ORDER BY c.id DESC) AS upto
    FROM (
        SELECT e.id, e.created_at, e.amount FROM ledger_entries e
        WHERE e.credit_account_id = h.account_id AND e.id < h.id AND e.kind NOT IN ('payout_void', 'advance')
        ORDER BY e.id DESC LIMIT %(parts)s
    ) c
) e
WHERE e.upto > h.left_over AND e.upto - e.amount < h.left_over + h.amount
