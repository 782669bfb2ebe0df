-- The pay of these workers for work, by platform and each of the last days of 24 hours, counted back from now: day 0 ends
-- now, and all older pay is in one row. Bonuses and the house's gifts are no pay for work.
SELECT a.worker_id, earned.platform_id, earned.days_ago, earned.amount
FROM accounts a
CROSS JOIN LATERAL (
    SELECT payer.platform_id, least(extract(day FROM %(now)s - e.created_at)::integer, %(days)s) AS days_ago,
           sum(e.amount) AS amount
    FROM ledger_entries e JOIN accounts payer ON payer.id = e.debit_account_id
    WHERE e.credit_account_id = a.id AND e.kind IN ('release', 'earning') AND e.created_at <= %(now)s
    GROUP BY 1, 2
) earned
WHERE a.worker_id = ANY(%(workers)s::uuid[]) AND a.name = 'available'
