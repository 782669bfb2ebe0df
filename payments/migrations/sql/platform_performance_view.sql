-- A row for each platform. Every part joins on platforms.id, so a filter on it reaches every index. Ended work comes from
-- the tallies and engagements, rewards from their sums; only work under way is read task by task.
CREATE VIEW platform_performance_view AS
SELECT p.id AS platform_id,
       p.total_tasks,
       work.open_tasks,
       work.completed_tasks,
       work.cancelled_tasks,
       work.paid_amount + streamed.amount + steps.amount AS paid_amount,
       coalesce(r.bonus_amount, 0) AS bonus_amount,
       coalesce(r.quest_amount, 0) AS quest_amount,
       work.fee_amount + steps.fee + coalesce(r.bonus_fee + r.quest_fee, 0) AS fee_amount,
       p.unique_workers,
       lately.unique_workers_7_days,
       lately.unique_workers_30_days,
       round(work.seconds / nullif(work.completed_tasks, 0), 3) AS average_completion_seconds
FROM platforms p
LEFT JOIN platform_rewards r ON r.platform_id = p.id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(y.assigned_tasks + y.in_progress_tasks + y.disputed_tasks), 0)::integer AS open_tasks,
           coalesce(sum(y.completed_tasks), 0)::integer AS completed_tasks,
           coalesce(sum(y.cancelled_tasks), 0)::integer AS cancelled_tasks,
           coalesce(sum(y.paid_amount), 0) AS paid_amount,
           coalesce(sum(y.fee_amount), 0) AS fee_amount,
           extract(epoch FROM sum(y.took)) AS seconds
    FROM task_tallies y WHERE y.platform_id = p.id
) work
CROSS JOIN LATERAL (
    -- Releases of open streams; their fee is taken when they end.
    SELECT coalesce(sum(s.released_amount), 0) AS amount
    FROM tasks t JOIN streams s ON s.task_id = t.id
    WHERE t.platform_id = p.id AND t.task_type = 'time_based' AND t.status IN ('in_progress', 'disputed')
      AND t.paid_amount IS NULL
) streamed
CROSS JOIN LATERAL (
    -- Approved milestones of open tasks; their fee is taken with each milestone.
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
    SELECT count(*) FILTER (WHERE e.last_assigned_at > money_clock() - interval '7 days') AS unique_workers_7_days,
           count(*) AS unique_workers_30_days
    FROM engagements e
    WHERE e.platform_id = p.id AND e.last_assigned_at > money_clock() - interval '30 days'
) lately;
-- reverse
DROP VIEW platform_performance_view;
