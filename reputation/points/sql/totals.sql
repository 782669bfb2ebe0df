-- The points of each member of a leaderboard: of all time by the balances, of a period by the entries that count to it.
SELECT worker_id, balance AS points
FROM points_balances
WHERE %(starts_at)s::timestamptz IS NULL AND balance > 0
  AND (%(platform)s::uuid IS NULL AND platform_id IS NULL OR platform_id = %(platform)s::uuid)
UNION ALL
SELECT e.worker_id, sum(e.amount)::bigint
FROM points_entries e JOIN workers w ON w.id = e.worker_id
WHERE e.earned_at >= %(starts_at)s::timestamptz AND e.earned_at < %(ends_at)s::timestamptz
  AND (%(platform)s::uuid IS NULL AND e.platform_id IS NULL OR e.platform_id = %(platform)s::uuid)
  AND e.kind <> 'closing' AND w.deleted_at IS NULL
GROUP BY e.worker_id HAVING sum(e.amount) > 0
