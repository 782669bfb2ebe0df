-- What the events of these days say, by creator and day: `events` are all of them, the sums those that count. For a
-- creator's works alone, or for all: creator 0.
SELECT creator, day, count(*) AS events,
       count(*) FILTER (WHERE kind = 1 AND counts) AS plays,
       count(DISTINCT listener) FILTER (WHERE kind = 1 AND counts) AS listeners,
       count(*) FILTER (WHERE kind = 2 AND counts) - count(*) FILTER (WHERE kind = 3 AND counts) AS likes,
       count(*) FILTER (WHERE kind = 4 AND counts) AS comments,
       count(*) FILTER (WHERE kind = 5 AND counts) AS shares,
       coalesce(sum(seconds) FILTER (WHERE counts), 0) AS seconds,
       count(*) FILTER (WHERE kind = 6 AND counts) AS purchases,
       coalesce(sum(amount) FILTER (WHERE kind = 6 AND counts), 0) AS sales,
       coalesce(sum(amount) FILTER (WHERE kind = 7 AND counts), 0) AS tips
FROM (
    SELECT e.creator_number AS creator, (e.occurred_at AT TIME ZONE 'UTC')::date AS day, e.kind, e.seconds, e.amount,
           e.listener_number AS listener, x.event_number IS NULL AS counts
    FROM usage_events e LEFT JOIN usage_exclusions x ON x.event_number = e.number
    WHERE e.occurred_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
          AND e.occurred_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
          AND (%(creator)s::bigint = 0
               OR (e.creator_number = %(creator)s::bigint AND e.platform_number = %(platform)s::bigint
                   AND e.work_number = ANY(%(works)s::bigint[])))
) AS e
GROUP BY creator, day
ORDER BY creator, day
