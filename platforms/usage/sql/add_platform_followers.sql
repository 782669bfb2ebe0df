-- Add followers gained and lost to the days of a platform.
INSERT INTO platform_days AS d (platform_number, day, plays, listeners, likes, comments, shares, seconds, purchases,
                                sales, tips, followers_gained, followers_lost)
SELECT %(platform)s::bigint, day, 0, 0, 0, 0, 0, 0, 0, 0, 0, sum(gained), sum(lost)
FROM unnest(%(days)s::date[], %(gained)s::bigint[], %(lost)s::bigint[]) AS g(day, gained, lost)
GROUP BY day ORDER BY day
ON CONFLICT (platform_number, day) DO UPDATE
SET followers_gained = d.followers_gained + excluded.followers_gained,
    followers_lost = d.followers_lost + excluded.followers_lost
