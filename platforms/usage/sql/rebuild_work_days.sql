-- Write the sums of works anew, of a platform from a day to a day; a row that nothing counts for has only zeros.
-- Listeners that are final stay as they are.
WITH counted AS MATERIALIZED (
    SELECT r.*, coalesce(l.listeners, 0) AS listeners
    FROM recount_work_days(%(first)s::date, %(last)s::date, %(platform)s::bigint) r
    LEFT JOIN (
        SELECT day, work_number, creator_number, count(*) AS listeners FROM work_listener_days
        WHERE day BETWEEN %(first)s AND %(last)s AND day <> ALL(%(final)s::date[]) GROUP BY 1, 2, 3
    ) AS l USING (day, work_number, creator_number)
),
written AS (
    INSERT INTO work_days AS d (work_number, day, creator_number, plays, listeners, likes, comments, shares, seconds,
                                purchases, sales, tips)
    SELECT work_number, day, creator_number, plays, listeners, likes, comments, shares, seconds, purchases, sales, tips
    FROM counted ORDER BY 1, 2, 3
    ON CONFLICT (work_number, day, creator_number) DO UPDATE
    SET plays = excluded.plays, likes = excluded.likes, comments = excluded.comments,
        shares = excluded.shares, seconds = excluded.seconds, purchases = excluded.purchases, sales = excluded.sales,
        tips = excluded.tips,
        listeners = CASE WHEN d.day = ANY(%(final)s::date[]) THEN d.listeners ELSE excluded.listeners END
)
UPDATE work_days d
SET plays = 0, likes = 0, comments = 0, shares = 0, seconds = 0, purchases = 0, sales = 0, tips = 0,
    listeners = CASE WHEN d.day = ANY(%(final)s::date[]) THEN d.listeners ELSE 0 END
FROM works w
WHERE d.day BETWEEN %(first)s AND %(last)s AND w.number = d.work_number AND w.platform_id = %(platform_id)s
      AND NOT EXISTS (SELECT FROM counted c WHERE (c.work_number, c.day, c.creator_number)
                                                  = (d.work_number, d.day, d.creator_number))
