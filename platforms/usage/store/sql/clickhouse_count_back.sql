-- How many of these events are there, in this version or a newer one. Older versions need no merging for that.
SELECT uniqExact(number) AS events
FROM usage_events
WHERE platform = %(platform)s AND work IN %(works)s AND day BETWEEN %(first)s AND %(last)s
      AND number IN %(numbers)s AND version >= %(version)s
