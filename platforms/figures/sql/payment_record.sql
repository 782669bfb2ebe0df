-- A platform's record over its newest tasks. A task that is paid by time ends by itself, so only the others
-- show how long work waits for approval.
SELECT count(*) AS tasks,
       count(*) FILTER (WHERE t.status = 'completed') AS completed,
       count(*) FILTER (WHERE t.status = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE t.disputed_at IS NOT NULL) AS disputed,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.completed_at - t.started_at))
           FILTER (WHERE t.status = 'completed' AND t.task_type <> 'time_based') AS median_seconds,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM t.completed_at - t.started_at))
           FILTER (WHERE t.status = 'completed' AND t.task_type <> 'time_based') AS p95_seconds
FROM (
    SELECT * FROM tasks WHERE platform_id = %(platform)s ORDER BY created_at DESC LIMIT %(newest)s
) t
