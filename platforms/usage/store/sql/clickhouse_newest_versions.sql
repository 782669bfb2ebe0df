-- The newest version of each of these events. Older ones need no merging for that.
SELECT number, max(version) AS version
FROM usage_events
WHERE platform IN %(platforms)s AND work IN %(works)s AND day BETWEEN %(first)s AND %(last)s AND number IN %(numbers)s
GROUP BY number
