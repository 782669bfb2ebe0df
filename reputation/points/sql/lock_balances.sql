-- Lock these balances in ascending order, those of the house before those of platforms.
SELECT b.worker_id, b.platform_id, b.balance
FROM points_balances b
JOIN (SELECT DISTINCT worker_id, platform_id
      FROM unnest(%(workers)s::uuid[], %(platforms)s::uuid[]) AS given(worker_id, platform_id)) AS wanted
    ON wanted.worker_id = b.worker_id AND wanted.platform_id IS NOT DISTINCT FROM b.platform_id
ORDER BY b.worker_id, b.platform_id NULLS FIRST
FOR NO KEY UPDATE OF b
