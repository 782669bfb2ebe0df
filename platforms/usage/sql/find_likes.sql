-- Which of these pairs of a work and a listener are liked.
SELECT w.work_number, w.listener_number
FROM unnest(%(works)s::bigint[], %(listeners)s::bigint[]) AS g(work_number, listener_number)
JOIN work_likes w ON w.work_number = g.work_number AND w.listener_number = g.listener_number
