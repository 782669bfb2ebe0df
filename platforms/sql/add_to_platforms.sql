-- update_platform_statistics for a set of moves, engagements first, the busy platform rows last.
WITH moves AS (
    SELECT * FROM jsonb_to_recordset(%(moves)s::jsonb) AS m(
        platform_id uuid, worker_id uuid, open int, finished int, posted int, paid numeric, at timestamptz)
),
pairs AS (
    SELECT platform_id, worker_id, sum(open) AS open, sum(finished) AS finished,
           min(at) AS first_at, max(at) AS last_at
    FROM moves WHERE worker_id IS NOT NULL GROUP BY platform_id, worker_id
),
pairs_locked AS (
    SELECT e.id, p.* FROM engagements e JOIN pairs p USING (platform_id, worker_id)
    ORDER BY e.platform_id, e.worker_id FOR NO KEY UPDATE OF e
),
engaged AS (
    UPDATE engagements e
    SET open_tasks = e.open_tasks + l.open, finished_tasks = e.finished_tasks + l.finished,
        first_at = least(e.first_at, l.first_at), last_at = greatest(e.last_at, l.last_at)
    FROM pairs_locked l WHERE e.id = l.id
    RETURNING e.platform_id, (e.open_tasks > 0)::int - (e.open_tasks - l.open > 0)::int AS active
),
active AS (SELECT platform_id, sum(active) AS workers FROM engaged GROUP BY platform_id),
new AS (SELECT id, count(*) AS workers FROM unnest(%(new)s::uuid[]) AS n(id) GROUP BY id),
totals AS (
    SELECT platform_id, sum(posted) AS posted, sum(paid) AS paid FROM moves GROUP BY platform_id
),
platforms_locked AS (
    SELECT p.id FROM platforms p JOIN totals t ON t.platform_id = p.id
    ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE platforms p
SET total_tasks = p.total_tasks + t.posted,
    total_payouts = p.total_payouts + t.paid,
    active_workers = p.active_workers + coalesce(a.workers, 0),
    unique_workers = p.unique_workers + coalesce(n.workers, 0)
FROM platforms_locked l
JOIN totals t ON t.platform_id = l.id
LEFT JOIN active a ON a.platform_id = l.id
LEFT JOIN new n ON n.id = l.id
WHERE p.id = l.id
