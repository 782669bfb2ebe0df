-- What `update_worker_statistics` says of the workers in `asked`: every figure follows from their tasks.
SELECT asked.id,
       count(*) FILTER (WHERE t.status = 'completed') AS completed,
       coalesce(sum(t.paid_amount), 0) AS paid,
       coalesce(round(100.0 * count(*) FILTER (WHERE t.status = 'completed')
                / nullif(count(*) FILTER (WHERE t.status IN ('completed', 'cancelled', 'disputed')), 0), 2), 0)
           AS completion_rate,
       coalesce(round(100.0 * count(*) FILTER (WHERE t.status IN ('completed', 'cancelled', 'disputed')
                                                 AND t.disputed_at IS NOT NULL)
                / nullif(count(*) FILTER (WHERE t.status IN ('completed', 'cancelled', 'disputed')), 0), 2), 0)
           AS dispute_rate,
       round(avg(t.worker_rating), 2) AS rating
FROM asked LEFT JOIN tasks t ON t.worker_id = asked.id
GROUP BY asked.id
