-- What the system's limits for an advance to this worker depend on. A worker counts to each platform that paid more
-- than a fifth of their pay for work in 30 days: those before now, and those before they requested their debt.
WITH owing AS (
    SELECT l.worker_id, l.requested_at, l.total_due - l.amount_repaid - l.amount_written_off AS owed
    FROM loans l
    WHERE l.status IN ('approved', 'disbursed', 'active', 'repaying', 'defaulted')
      AND l.total_due > l.amount_repaid + l.amount_written_off
),
paid AS (
    SELECT payer.platform_id, sum(e.amount) AS amount
    FROM accounts a
    JOIN ledger_entries e ON e.credit_account_id = a.id
    JOIN accounts payer ON payer.id = e.debit_account_id
    WHERE a.worker_id = %(worker)s AND a.name = 'available' AND e.kind IN ('release', 'earning')
      AND e.created_at > %(now)s - interval '30 days' AND e.created_at <= %(now)s
    GROUP BY payer.platform_id
),
mine AS (SELECT platform_id FROM paid WHERE amount * 5 > (SELECT sum(amount) FROM paid)),
of_platform AS (
    SELECT m.platform_id, sum(o.owed) AS owed
    FROM mine m
    JOIN engagements g ON g.platform_id = m.platform_id
    JOIN owing o ON o.worker_id = g.worker_id
    WHERE EXISTS (
        SELECT FROM (VALUES (%(now)s), (o.requested_at)) AS until(at)
        WHERE (
            SELECT sum(e.amount) FILTER (WHERE payer.platform_id = m.platform_id) * 5 > sum(e.amount)
            FROM accounts a
            JOIN ledger_entries e ON e.credit_account_id = a.id
            JOIN accounts payer ON payer.id = e.debit_account_id
            WHERE a.worker_id = o.worker_id AND a.name = 'available' AND e.kind IN ('release', 'earning')
              AND e.created_at > until.at - interval '30 days' AND e.created_at <= until.at
        )
    )
    GROUP BY m.platform_id
)
SELECT (SELECT coalesce(sum(e.amount), 0)
        FROM tasks t JOIN ledger_entries e ON e.subject_id = t.id AND e.sequence IS NULL
        WHERE t.worker_id = %(worker)s AND e.kind = 'fee') AS fees,
       (SELECT coalesce(sum(amount_written_off), 0) FROM loans WHERE worker_id = %(worker)s) AS written_off,
       NOT EXISTS (SELECT FROM loans WHERE worker_id = %(worker)s AND disbursed_at IS NOT NULL) AS is_first,
       (SELECT coalesce(max(owed), 0) FROM of_platform) AS open_of_a_platform,
       (SELECT coalesce(sum(owed), 0) FROM owing) AS open_in_all,
       (SELECT coalesce(sum(amount), 0) FROM loans
        WHERE approved_at >= date_trunc('day', %(now)s, 'UTC') AND status <> 'cancelled') AS new_today
