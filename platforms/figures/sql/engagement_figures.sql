-- Engagements by the rule `update_platform_statistics`: the tasks of each platform and worker, counted.
SELECT platform_id, worker_id,
       count(*) FILTER (WHERE status IN ('assigned', 'in_progress', 'disputed')) AS open,
       count(*) FILTER (WHERE status IN ('completed', 'cancelled')) AS finished,
       min(coalesce(assigned_at, created_at)) AS first_at,
       min(greatest(created_at, assigned_at, started_at, disputed_at, completed_at, cancelled_at))
           AS first_no_later_than,
       max(greatest(created_at, assigned_at, started_at, disputed_at, completed_at, cancelled_at)) AS last_at,
       max(assigned_at) AS last_assigned_at,
       coalesce(sum(paid_amount), 0) AS paid,
       coalesce(sum(paid_amount) FILTER (WHERE completed_at IS NOT NULL AND paid_amount < 1), 0) AS small
FROM tasks WHERE worker_id IS NOT NULL
GROUP BY platform_id, worker_id
