-- The days with events, from a day to a day.
SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events
FROM usage_events
WHERE occurred_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
      AND occurred_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY 1
ORDER BY 1
