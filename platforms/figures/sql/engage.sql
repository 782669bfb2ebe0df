-- Pairs of platform and worker that meet for the first time; returns the platform of each.
WITH moves AS (
    SELECT * FROM jsonb_to_recordset(%(moves)s::jsonb) AS m(
        platform_id uuid, worker_id uuid, at timestamptz)
)
INSERT INTO engagements (platform_id, worker_id, open_tasks, finished_tasks, first_at, last_at)
SELECT platform_id, worker_id, 0, 0, min(at), max(at) FROM moves
WHERE worker_id IS NOT NULL GROUP BY platform_id, worker_id ORDER BY platform_id, worker_id
ON CONFLICT (platform_id, worker_id) DO NOTHING
RETURNING platform_id
