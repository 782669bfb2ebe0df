-- The streams that vest at this moment. Without grouping, so that a filter reaches the indexes of tasks, by worker or by
-- platform, and the stream of each task. The task of an active stream is always in progress.
CREATE VIEW active_streams_view AS
SELECT s.id AS stream_id,
       s.task_id,
       t.title AS task_title,
       t.worker_id,
       w.full_name AS worker_name,
       t.platform_id,
       p.name AS platform_name,
       s.total_amount,
       s.released_amount,
       s.remaining_amount,
       vested.amount AS vested_amount,
       vested.amount - s.released_amount AS claimable_amount,
       round(100 * s.released_amount / s.total_amount, 2) AS progress_percent,
       s.sequence AS releases,
       s.release_interval,
       s.start_at,
       s.end_at,
       s.next_release_at,
       greatest(ceil(extract(epoch FROM s.next_release_at - money_clock())), 0)::integer AS seconds_to_next_release
FROM streams s
JOIN tasks t ON t.id = s.task_id
JOIN workers w ON w.id = t.worker_id
JOIN platforms p ON p.id = t.platform_id
CROSS JOIN LATERAL (
    SELECT greatest(s.released_amount, stream_vested(s.total_amount, s.duration_seconds,
               stream_elapsed(s.start_at, s.paused_for, s.duration_seconds, money_clock()))) AS amount
) vested
WHERE s.status = 'active' AND t.task_type = 'time_based' AND t.status IN ('in_progress', 'disputed')
  AND t.paid_amount IS NULL;
-- reverse
DROP VIEW active_streams_view;
