-- What the events of these days say, by creator and day: `events` are all of them, the sums those that count. For a
-- creator's works alone, or for all: creator 0.
SELECT creator, day,
       count() AS events,
       countIf(kind = 1 AND counts = 1) AS plays,
       uniqExactIf(listener, kind = 1 AND counts = 1) AS listeners,
       toInt64(countIf(kind = 2 AND counts = 1)) - toInt64(countIf(kind = 3 AND counts = 1)) AS likes,
       countIf(kind = 4 AND counts = 1) AS comments,
       countIf(kind = 5 AND counts = 1) AS shares,
       sumIf(seconds, counts = 1) AS seconds,
       countIf(kind = 6 AND counts = 1) AS purchases,
       sumIf(amount, kind = 6 AND counts = 1) AS sales,
       sumIf(amount, kind = 7 AND counts = 1) AS tips
FROM usage_events FINAL
WHERE day BETWEEN %(first)s AND %(last)s
      AND (%(creator)s = 0 OR (platform = %(platform)s AND work IN %(works)s AND creator = %(creator)s))
GROUP BY creator, day
ORDER BY creator, day
