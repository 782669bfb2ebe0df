-- The points of each given worker on a leaderboard. An entry counts to no period after it was made, so that those made
-- before the period are passed over.
SELECT given.position, coalesce(CASE
    WHEN w.id IS NULL THEN 0
    WHEN given.starts_at IS NULL THEN (
        SELECT b.balance FROM points_balances b
        WHERE b.worker_id = w.id AND b.platform_id IS NOT DISTINCT FROM given.platform_id)
    ELSE (
        SELECT greatest(sum(e.amount), 0)::bigint FROM points_entries e
        WHERE e.worker_id = w.id AND e.platform_id IS NOT DISTINCT FROM given.platform_id
          AND e.created_at >= given.starts_at AND e.earned_at >= given.starts_at AND e.earned_at < given.ends_at
          AND e.kind <> 'closing')
    END, 0) AS points
FROM unnest(%(workers)s::uuid[], %(platforms)s::uuid[], %(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[])
    WITH ORDINALITY AS given(worker_id, platform_id, starts_at, ends_at, position)
LEFT JOIN workers w ON w.id = given.worker_id AND w.deleted_at IS NULL
ORDER BY given.position
