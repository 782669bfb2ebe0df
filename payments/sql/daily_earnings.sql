-- What these workers have earned on each of the last days of 24 hours, counted back from now: day 0 ends now. All
-- that is older is in one row. A worker's own entries are found through their account, never the whole ledger.
SELECT a.worker_id,
       least(floor(extract(epoch FROM %(now)s - e.created_at) / 86400)::integer, %(days)s) AS days_ago,
       sum(e.amount) AS amount
FROM accounts a JOIN ledger_entries e ON e.credit_account_id = a.id
WHERE a.worker_id = ANY(%(workers)s::uuid[]) AND a.name = 'available'
  AND e.kind IN ('release', 'earning', 'reward') AND e.created_at <= %(now)s
GROUP BY 1, 2
