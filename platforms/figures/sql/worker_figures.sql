-- Figures of the workers in `selected` by the rule `update_worker_statistics`, from their tasks.
SELECT selected.id,
       count(*) FILTER (WHERE t.status = 'completed') AS completed,
       coalesce(sum(t.paid_amount), 0) AS paid,
       coalesce(round_half_even(100.0 * count(*) FILTER (WHERE t.status = 'completed')
                / nullif(count(*) FILTER (WHERE t.status = 'completed'
                                            OR t.status = 'cancelled' AND t.at_fault = 'worker'), 0), 2), 0)
           AS completion_rate,
       coalesce(round_half_even(100.0 * count(lost.task_id)
                / nullif(count(*) FILTER (WHERE t.status IN ('completed', 'cancelled')), 0), 2), 0)
           AS dispute_rate,
       round(avg(t.worker_rating), 2) AS rating
FROM selected LEFT JOIN tasks t ON t.worker_id = selected.id
-- Disputes decided against the worker; a task may have two.
LEFT JOIN LATERAL (
    SELECT d.task_id FROM disputes d
    WHERE d.task_id = t.id AND d.outcome = 'platform' AND t.disputed_at IS NOT NULL
      AND t.status IN ('completed', 'cancelled')
    LIMIT 1
) lost ON true
GROUP BY selected.id
