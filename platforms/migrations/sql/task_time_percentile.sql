-- The seconds that a share of a platform's completed tasks of a type took at most, interpolated between
-- the two nearest of them; NULL without any. `tasks` is their number. Only the two that are
-- found are turned into seconds: for all that are passed over it would take longer than counting them.
CREATE FUNCTION task_time_percentile(platform uuid, type text, tasks integer, share numeric) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT round(min(near.seconds) + (max(near.seconds) - min(near.seconds)) * mod(share * (tasks - 1), 1), 3)
    FROM (
        SELECT extract(epoch FROM reached.took) AS seconds
        FROM (
            SELECT t.completed_at - t.started_at AS took
            FROM tasks t
            WHERE t.platform_id = platform AND t.task_type = type AND t.status = 'completed'
            ORDER BY t.completed_at - t.started_at
            OFFSET floor(share * (tasks - 1)) LIMIT 2
        ) reached
    ) near
    WHERE tasks > 0
$$;
-- reverse
DROP FUNCTION task_time_percentile;
