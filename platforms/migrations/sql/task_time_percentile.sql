-- The seconds that a share of a platform's completed tasks of a type took at most, interpolated between
-- the two nearest of them; NULL without any. `tasks` is their number.
CREATE FUNCTION task_time_percentile(platform uuid, type text, tasks integer, share numeric) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT round(min(near.seconds) + (max(near.seconds) - min(near.seconds)) * mod(share * (tasks - 1), 1), 3)
    FROM (
        SELECT extract(epoch FROM t.completed_at - t.started_at) AS seconds
        FROM tasks t
        WHERE t.platform_id = platform AND t.task_type = type AND t.status = 'completed'
        ORDER BY t.completed_at - t.started_at
        OFFSET floor(share * (tasks - 1)) LIMIT 2
    ) near
    WHERE tasks > 0
$$;
-- reverse
DROP FUNCTION task_time_percentile;
