-- The points that each platform has given each worker and taken so far: on a day, or in all where no day is named.
SELECT pair.worker_id, pair.platform_id, pair.day,
       coalesce(sum(e.delta) FILTER (WHERE e.delta > 0), 0)::integer AS given,
       coalesce(-sum(e.delta) FILTER (WHERE e.delta < 0), 0)::integer AS taken
FROM unnest(%(workers)s::uuid[], %(platforms)s::uuid[], %(days)s::date[]) AS pair(worker_id, platform_id, day)
LEFT JOIN LATERAL (
    SELECT e.delta FROM reputation_events e JOIN tasks t ON t.id = e.task_id
    WHERE e.worker_id = pair.worker_id AND t.platform_id = pair.platform_id
      AND e.counted_on IS NOT NULL AND e.delta <> 0
      AND (pair.day IS NULL OR e.counted_on = pair.day)
) e ON true
GROUP BY pair.worker_id, pair.platform_id, pair.day
