-- update_worker_statistics for a set of (locked) workers: every figure follows from their tasks.
UPDATE workers
SET total_tasks = done.completed,
    total_earned = done.paid,
    completion_rate = coalesce(round(100.0 * done.completed / nullif(done.ended, 0), 2), 0),
    dispute_rate = coalesce(round(100.0 * done.disputed_ever / nullif(done.ended, 0), 2), 0),
    average_rating = done.rating
FROM (
    SELECT asked.id,
           count(*) FILTER (WHERE t.status = 'completed') AS completed,
           count(*) FILTER (WHERE t.status IN ('completed', 'cancelled', 'disputed')) AS ended,
           count(*) FILTER (WHERE t.status IN ('completed', 'cancelled', 'disputed')
                              AND t.disputed_at IS NOT NULL) AS disputed_ever,
           coalesce(sum(t.paid_amount), 0) AS paid,
           round(avg(t.worker_rating), 2) AS rating
    FROM unnest(%(ids)s::uuid[]) AS asked(id)
    LEFT JOIN tasks t ON t.worker_id = asked.id
    GROUP BY asked.id
) AS done
WHERE workers.id = done.id
  AND (total_tasks, total_earned, completion_rate, dispute_rate, average_rating)
      IS DISTINCT FROM (
          done.completed, done.paid,
          coalesce(round(100.0 * done.completed / nullif(done.ended, 0), 2), 0),
          coalesce(round(100.0 * done.disputed_ever / nullif(done.ended, 0), 2), 0),
          done.rating)
