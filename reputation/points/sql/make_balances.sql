-- Make the missing balances of these owners, in the order in which balances are locked.
INSERT INTO points_balances (worker_id, platform_id, balance, updated_at)
SELECT DISTINCT worker_id, platform_id, 0, %(now)s::timestamptz
FROM unnest(%(workers)s::uuid[], %(platforms)s::uuid[]) AS wanted(worker_id, platform_id)
ORDER BY worker_id, platform_id NULLS FIRST
ON CONFLICT ON CONSTRAINT points_balance_once_per_owner DO NOTHING
