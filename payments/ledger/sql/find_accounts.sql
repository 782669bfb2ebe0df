-- The accounts at these places: a worker's, a platform's, or, without either, the house's.
WITH place AS (
    SELECT * FROM unnest(%(names)s::text[], %(workers)s::uuid[], %(platforms)s::uuid[])
        AS given(name, worker_id, platform_id)
)
SELECT a.id, a.name, a.worker_id, a.platform_id FROM place JOIN accounts a USING (worker_id, name)
UNION ALL
SELECT a.id, a.name, a.worker_id, a.platform_id FROM place JOIN accounts a USING (platform_id, name)
UNION ALL
SELECT a.id, a.name, a.worker_id, a.platform_id FROM place JOIN accounts a USING (name)
WHERE place.worker_id IS NULL AND place.platform_id IS NULL AND a.worker_id IS NULL AND a.platform_id IS NULL
