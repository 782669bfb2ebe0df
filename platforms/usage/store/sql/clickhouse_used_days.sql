-- The days with events, from a day to a day.
SELECT day, count() AS events
FROM usage_events FINAL
WHERE day BETWEEN %(first)s AND %(last)s
GROUP BY day
ORDER BY day
