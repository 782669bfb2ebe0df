-- The accounts at the places asked for: a worker's, a platform's, or, without either, the house's.
WITH asked AS (
    SELECT * FROM unnest(%(names)s::text[], %(workers)s::uuid[], %(platforms)s::uuid[])
        AS places(name, worker_id, platform_id)
)
SELECT a.id, a.name, a.worker_id, a.platform_id FROM asked JOIN accounts a USING (worker_id, name)
UNION ALL
SELECT a.id, a.name, a.worker_id, a.platform_id FROM asked JOIN accounts a USING (platform_id, name)
UNION ALL
SELECT a.id, a.name, a.worker_id, a.platform_id FROM asked JOIN accounts a USING (name)
WHERE asked.worker_id IS NULL AND asked.platform_id IS NULL AND a.worker_id IS NULL AND a.platform_id IS NULL
