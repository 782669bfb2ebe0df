-- A platform's money and its commitments. Work under way is read task by task, the rest from sums; the
-- average looks at the tasks of seven days only.
SELECT coalesce((SELECT a.balance FROM accounts a
                 WHERE a.platform_id = %(platform)s AND a.name = 'available'), 0) AS available,
       coalesce((SELECT a.balance FROM accounts a
                 WHERE a.platform_id = %(platform)s AND a.name = 'escrow'), 0) AS escrow,
       (SELECT coalesce(sum(y.assigned_tasks + y.in_progress_tasks + y.disputed_tasks), 0)::integer
        FROM task_tallies y WHERE y.platform_id = %(platform)s) AS open_tasks,
       streaming.open_streams,
       streaming.unreleased,
       trunc(streaming.per_hour, 6) AS streaming_per_hour,
       trunc(posted.amount / 7, 6) AS posted_per_day
FROM (
    SELECT count(*) AS open_streams,
           coalesce(sum(s.remaining_amount), 0) AS unreleased,
           coalesce(sum(s.total_amount * 3600 / s.duration_seconds)
                    FILTER (WHERE s.status = 'active'), 0) AS per_hour
    FROM tasks t JOIN streams s ON s.task_id = t.id
    WHERE t.platform_id = %(platform)s AND t.task_type = 'time_based'
      AND t.status IN ('in_progress', 'disputed') AND t.paid_amount IS NULL
) streaming
CROSS JOIN (
    SELECT coalesce(sum(t.amount + trunc(t.amount * t.fee_bps * 0.0001, 6)), 0) AS amount
    FROM tasks t WHERE t.platform_id = %(platform)s AND t.created_at > %(now)s - interval '7 days'
      AND t.status <> 'cancelled'
) posted
