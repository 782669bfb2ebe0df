-- Which credits a payout covers, first in, first out. A payout that failed or was cancelled took nothing in
-- the end; an advance that left at once is covered by itself.
WITH hold AS (
    SELECT e.id, e.debit_account_id AS account_id, e.amount
    FROM ledger_entries e WHERE e.transaction_id = %(payout)s AND e.kind = 'payout_hold'
),
live AS (
    SELECT e.id, e.kind, e.amount, e.credit_account_id = h.account_id AS is_credit
    FROM hold h
    JOIN ledger_entries e ON e.credit_account_id = h.account_id
                          OR (e.debit_account_id = h.account_id AND e.sequence IS NULL)
    LEFT JOIN transactions t ON t.id = e.transaction_id
    LEFT JOIN transactions a ON a.loan_id = e.loan_id AND a.type = 'advance'
    WHERE NOT (e.kind IN ('payout_hold', 'payout_void') AND t.status IN ('failed', 'cancelled'))
      AND NOT (e.kind IN ('advance', 'payout_hold') AND coalesce(a.status, 'failed') NOT IN ('failed', 'cancelled'))
),
taken AS (
    SELECT coalesce(sum(l.amount), 0) AS before FROM live l, hold h WHERE NOT l.is_credit AND l.id < h.id
),
credits AS (
    SELECT l.id, l.amount, sum(l.amount) OVER (ORDER BY l.id) AS upto FROM live l WHERE l.is_credit
)
SELECT c.id AS entry_id,
       least(c.upto, t.before + h.amount) - greatest(c.upto - c.amount, t.before) AS amount
FROM credits c, taken t, hold h
WHERE c.upto > t.before AND c.upto - c.amount < t.before + h.amount
ORDER BY c.id
