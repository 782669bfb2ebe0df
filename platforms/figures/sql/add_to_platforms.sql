-- The rule `update_platform_statistics` for a set of moves: engagements first, then the busy platform rows, and
-- their tallies last, which are written only under the platform's row lock.
WITH moves AS (
    SELECT * FROM jsonb_to_recordset(%(moves)s::jsonb) AS m(
        platform_id uuid, worker_id uuid, task_type text, open int, finished int, posted int, paid numeric,
        small numeric, fee numeric, took bigint, at timestamptz, assigned_at timestamptz, created_tasks int, assigned_tasks int,
        in_progress_tasks int, completed_tasks int, disputed_tasks int, cancelled_tasks int)
),
pairs AS (
    SELECT platform_id, worker_id, sum(open) AS open, sum(finished) AS finished,
           sum(paid) AS paid, sum(small) AS small,
           min(at) AS first_at, max(at) AS last_at, max(assigned_at) AS last_assigned_at
    FROM moves WHERE worker_id IS NOT NULL GROUP BY platform_id, worker_id
),
pairs_locked AS (
    SELECT e.id, p.* FROM engagements e JOIN pairs p USING (platform_id, worker_id)
    ORDER BY e.platform_id, e.worker_id FOR NO KEY UPDATE OF e
),
engaged AS (
    UPDATE engagements e
    SET open_tasks = e.open_tasks + l.open, finished_tasks = e.finished_tasks + l.finished,
        first_at = least(e.first_at, l.first_at), last_at = greatest(e.last_at, l.last_at),
        last_assigned_at = greatest(e.last_assigned_at, l.last_assigned_at),
        paid_amount = e.paid_amount + l.paid, small_pay = e.small_pay + l.small
    FROM pairs_locked l WHERE e.id = l.id
    RETURNING e.platform_id, (e.open_tasks > 0)::int - (e.open_tasks - l.open > 0)::int AS active
),
counted AS (
    SELECT id, sum("unique") AS unique_workers, sum(active) AS active_workers
    FROM (
        SELECT platform_id AS id, 0 AS "unique", active FROM engaged
        UNION ALL
        SELECT id, "unique", active FROM jsonb_to_recordset(%(pairs)s::jsonb) AS p(id uuid, "unique" int, active int)
    ) AS pairs_changed
    GROUP BY id
),
totals AS (
    SELECT platform_id, sum(posted) AS posted, sum(paid) AS paid FROM moves GROUP BY platform_id
),
platforms_locked AS (
    SELECT p.id FROM platforms p JOIN totals t ON t.platform_id = p.id
    ORDER BY p.id FOR NO KEY UPDATE OF p
),
totalled AS (
    UPDATE platforms p
    SET total_tasks = p.total_tasks + t.posted,
        total_payouts = p.total_payouts + t.paid,
        active_workers = p.active_workers + coalesce(c.active_workers, 0),
        unique_workers = p.unique_workers + coalesce(c.unique_workers, 0)
    FROM platforms_locked l
    JOIN totals t ON t.platform_id = l.id
    LEFT JOIN counted c ON c.id = l.id
    WHERE p.id = l.id
    RETURNING p.id
)
INSERT INTO task_tallies AS y (platform_id, task_type, created_tasks, assigned_tasks, in_progress_tasks,
    completed_tasks, disputed_tasks, cancelled_tasks, paid_amount, fee_amount, took)
SELECT platform_id, task_type, sum(created_tasks), sum(assigned_tasks), sum(in_progress_tasks),
       sum(completed_tasks), sum(disputed_tasks), sum(cancelled_tasks), sum(paid), sum(fee),
       sum(took) * interval '1 microsecond'
FROM moves JOIN totalled ON totalled.id = moves.platform_id
GROUP BY platform_id, task_type
ORDER BY platform_id, task_type
ON CONFLICT (platform_id, task_type) DO UPDATE
SET created_tasks = y.created_tasks + excluded.created_tasks,
    assigned_tasks = y.assigned_tasks + excluded.assigned_tasks,
    in_progress_tasks = y.in_progress_tasks + excluded.in_progress_tasks,
    completed_tasks = y.completed_tasks + excluded.completed_tasks,
    disputed_tasks = y.disputed_tasks + excluded.disputed_tasks,
    cancelled_tasks = y.cancelled_tasks + excluded.cancelled_tasks,
    paid_amount = y.paid_amount + excluded.paid_amount,
    fee_amount = y.fee_amount + excluded.fee_amount,
    took = y.took + excluded.took
