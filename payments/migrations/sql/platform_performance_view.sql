-- One row per platform. All hangs on platforms.id, so a filter on it reaches every index; the tasks are
-- grouped first and their few groups spread over columns, which is cheaper than filters.
CREATE VIEW platform_performance_view AS
SELECT p.id AS platform_id,
       work.total_tasks,
       work.open_tasks,
       work.completed_tasks,
       work.cancelled_tasks,
       work.paid_amount + streamed.amount + steps.amount AS paid_amount,
       (SELECT coalesce(sum(x.amount), 0) FROM transactions x
        WHERE x.platform_id = p.id AND x.type = 'reward' AND x.status = 'confirmed') AS bonus_amount,
       work.fee_amount + steps.fee AS fee_amount,
       (SELECT count(*) FROM engagements e WHERE e.platform_id = p.id) AS unique_workers,
       lately.unique_workers_7_days,
       lately.unique_workers_30_days,
       round(extract(epoch FROM work.completion_time) / nullif(work.completed_tasks, 0), 3)
           AS average_completion_seconds
FROM platforms p
CROSS JOIN LATERAL (
    SELECT coalesce(sum(g.tasks), 0)::integer AS total_tasks,
           coalesce(sum(g.tasks) FILTER (WHERE g.status IN ('assigned', 'in_progress', 'disputed')), 0)::integer
               AS open_tasks,
           coalesce(sum(g.tasks) FILTER (WHERE g.status = 'completed'), 0)::integer AS completed_tasks,
           coalesce(sum(g.tasks) FILTER (WHERE g.status = 'cancelled'), 0)::integer AS cancelled_tasks,
           coalesce(sum(g.paid), 0) AS paid_amount,
           coalesce(sum(g.fee), 0) AS fee_amount,
           sum(g.completion_time) FILTER (WHERE g.status = 'completed') AS completion_time
    FROM (
        SELECT t.task_type,
               t.status,
               count(*) AS tasks,
               sum(t.paid_amount) AS paid,
               -- The fee is that on a task's whole pay, rounded down.
               sum(trunc(t.paid_amount * t.fee_bps * 0.0001, 6)) AS fee,
               sum(t.completed_at - t.started_at) AS completion_time
        FROM tasks t
        WHERE t.platform_id = p.id
        GROUP BY t.task_type, t.status
    ) g
) work
CROSS JOIN LATERAL (
    -- What open streams have released; their fee is taken when they end.
    SELECT coalesce(sum(s.released_amount), 0) AS amount
    FROM tasks t JOIN streams s ON s.task_id = t.id
    WHERE t.platform_id = p.id AND t.task_type = 'time_based' AND t.status IN ('in_progress', 'disputed')
      AND t.paid_amount IS NULL
) streamed
CROSS JOIN LATERAL (
    -- Approved milestones of open tasks; their fee is taken as they go.
    SELECT coalesce(sum(approved.amount), 0) AS amount,
           coalesce(sum(trunc(approved.amount * approved.fee_bps * 0.0001, 6)), 0) AS fee
    FROM (
        SELECT t.fee_bps, sum(m.amount) AS amount
        FROM tasks t JOIN milestones m ON m.task_id = t.id
        WHERE t.platform_id = p.id AND t.task_type = 'milestone' AND t.status IN ('in_progress', 'disputed')
          AND t.paid_amount IS NULL AND m.approved_at IS NOT NULL
        GROUP BY t.id, t.fee_bps
    ) approved
) steps
CROSS JOIN LATERAL (
    SELECT count(DISTINCT t.worker_id) FILTER (WHERE t.assigned_at > now() - interval '7 days')
               AS unique_workers_7_days,
           count(DISTINCT t.worker_id) AS unique_workers_30_days
    FROM tasks t
    WHERE t.platform_id = p.id AND t.assigned_at > now() - interval '30 days'
) lately;
-- reverse
DROP VIEW platform_performance_view;
