-- Outcomes of the tasks of each platform and type, and the times that completed tasks took. Every platform
-- has a row for every type. All but the percentiles comes from the tallies; a percentile is found by counting
-- along the index of times, and only where its column is read.
CREATE VIEW task_completion_stats_view AS
SELECT p.id || ':' || type.name AS id,
       p.id AS platform_id,
       type.name AS task_type,
       coalesce(y.created_tasks + y.assigned_tasks + y.in_progress_tasks + y.completed_tasks + y.disputed_tasks
           + y.cancelled_tasks, 0) AS total_tasks,
       coalesce(y.created_tasks + y.assigned_tasks + y.in_progress_tasks, 0) AS open_tasks,
       coalesce(y.completed_tasks, 0) AS completed_tasks,
       coalesce(y.cancelled_tasks, 0) AS cancelled_tasks,
       coalesce(y.disputed_tasks, 0) AS disputed_tasks,
       coalesce(round(100.0 * y.completed_tasks
           / nullif(y.completed_tasks + y.cancelled_tasks + y.disputed_tasks, 0), 2), 0) AS success_rate,
       round(extract(epoch FROM y.took) / nullif(y.completed_tasks, 0), 3) AS average_seconds,
       task_time_percentile(p.id, type.name, y.completed_tasks, 0.5) AS median_seconds,
       task_time_percentile(p.id, type.name, y.completed_tasks, 0.95) AS p95_seconds
FROM platforms p
CROSS JOIN (VALUES ('fixed'), ('time_based'), ('milestone')) AS type (name)
LEFT JOIN task_tallies y ON y.platform_id = p.id AND y.task_type = type.name;
-- reverse
DROP VIEW task_completion_stats_view;
