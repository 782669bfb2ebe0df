-- Figures of platforms and types of task by the rule `update_platform_statistics`: the tasks, counted.
SELECT platform_id,
       task_type,
       count(*) FILTER (WHERE status = 'created') AS created_tasks,
       count(*) FILTER (WHERE status = 'assigned') AS assigned_tasks,
       count(*) FILTER (WHERE status = 'in_progress') AS in_progress_tasks,
       count(*) FILTER (WHERE status = 'completed') AS completed_tasks,
       count(*) FILTER (WHERE status = 'disputed') AS disputed_tasks,
       count(*) FILTER (WHERE status = 'cancelled') AS cancelled_tasks,
       coalesce(sum(paid_amount), 0) AS paid_amount,
       -- The fee is that on a task's whole pay, rounded down.
       coalesce(sum(trunc(paid_amount * fee_bps / 10000, 6)), 0) AS fee_amount,
       coalesce(sum(completed_at - started_at) FILTER (WHERE status = 'completed'), interval '0') AS took
FROM tasks
GROUP BY platform_id, task_type
