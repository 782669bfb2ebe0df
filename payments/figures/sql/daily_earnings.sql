-- The pay of these workers on each of the last days of 24 hours, counted back from now: day 0 ends now. All older pay is
-- in one row. Each worker's entries are summed separately, found through their account: joined, the planner may read the
-- whole ledger while it is small.
SELECT a.worker_id, earned.days_ago, earned.amount
FROM accounts a
CROSS JOIN LATERAL (
    -- The difference of two times has whole days of 24 hours.
    SELECT least(extract(day FROM %(now)s - e.created_at)::integer, %(days)s) AS days_ago, sum(e.amount) AS amount
    FROM ledger_entries e
    WHERE e.credit_account_id = a.id AND e.kind IN ('release', 'earning', 'reward') AND e.created_at <= %(now)s
    GROUP BY 1
) earned
WHERE a.worker_id = ANY(%(workers)s::uuid[]) AND a.name = 'available'
