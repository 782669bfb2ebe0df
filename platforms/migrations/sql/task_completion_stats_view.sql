-- How the tasks of each platform and type have ended and how long the completed ones took. Every platform
-- has a row for every type. All hangs on platforms.id, so a filter on the platform reaches the tasks' index;
-- the tasks are grouped first and their few groups spread over columns, which is cheaper than filters.
CREATE VIEW task_completion_stats_view AS
SELECT p.id || ':' || stats.task_type AS id,
       p.id AS platform_id,
       stats.*
FROM platforms p
CROSS JOIN LATERAL (
    SELECT type.name AS task_type,
           coalesce(sum(g.tasks), 0)::integer AS total_tasks,
           coalesce(sum(g.tasks) FILTER (WHERE g.status IN ('created', 'assigned', 'in_progress')), 0)::integer
               AS open_tasks,
           coalesce(sum(g.tasks) FILTER (WHERE g.status = 'completed'), 0)::integer AS completed_tasks,
           coalesce(sum(g.tasks) FILTER (WHERE g.status = 'cancelled'), 0)::integer AS cancelled_tasks,
           coalesce(sum(g.tasks) FILTER (WHERE g.status = 'disputed'), 0)::integer AS disputed_tasks,
           coalesce(round(100 * sum(g.tasks) FILTER (WHERE g.status = 'completed')
               / sum(g.tasks) FILTER (WHERE g.status IN ('completed', 'cancelled', 'disputed')), 2), 0)
               AS success_rate,
           max(round(g.average::numeric, 3)) FILTER (WHERE g.status = 'completed') AS average_seconds,
           max(round(g.percentiles[1]::numeric, 3)) FILTER (WHERE g.status = 'completed') AS median_seconds,
           max(round(g.percentiles[2]::numeric, 3)) FILTER (WHERE g.status = 'completed') AS p95_seconds
    FROM (VALUES ('fixed'), ('time_based'), ('milestone')) AS type (name)
    LEFT JOIN (
        SELECT t.task_type,
               t.status,
               count(*) AS tasks,
               avg(date_part('epoch', t.completed_at - t.started_at)) AS average,
               percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP
                   (ORDER BY date_part('epoch', t.completed_at - t.started_at)) AS percentiles
        FROM tasks t
        WHERE t.platform_id = p.id
        GROUP BY t.task_type, t.status
    ) g ON g.task_type = type.name
    GROUP BY type.name
) stats;
-- reverse
DROP VIEW task_completion_stats_view;
