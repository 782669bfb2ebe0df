-- Figures of platforms by the rule `update_platform_statistics`: the tasks, counted.
SELECT p.id,
       coalesce(sum(t.paid_amount), 0) AS paid,
       count(t.id) AS posted,
       count(DISTINCT t.worker_id) FILTER (WHERE t.status IN ('assigned', 'in_progress', 'disputed')) AS active,
       count(DISTINCT t.worker_id) AS engaged
FROM platforms p LEFT JOIN tasks t ON t.platform_id = p.id
GROUP BY p.id
