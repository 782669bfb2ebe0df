-- Write the sums of a platform anew from those of its creators. Listeners that are final stay as they are.
WITH counted AS MATERIALIZED (
    SELECT d.day, sum(d.plays) AS plays, coalesce(min(l.listeners), 0) AS listeners, sum(d.likes) AS likes,
           sum(d.comments) AS comments, sum(d.shares) AS shares, sum(d.seconds) AS seconds,
           sum(d.purchases) AS purchases, sum(d.sales) AS sales, sum(d.tips) AS tips,
           sum(d.followers_gained) AS gained, sum(d.followers_lost) AS lost
    FROM creator_days d JOIN creator_profiles c ON c.number = d.creator_number
    LEFT JOIN (
        SELECT day, count(*) AS listeners FROM platform_listener_days
        WHERE day BETWEEN %(first)s AND %(last)s AND day <> ALL(%(final)s::date[])
              AND platform_number = %(platform)s::bigint
        GROUP BY 1
    ) AS l ON l.day = d.day
    WHERE d.day BETWEEN %(first)s AND %(last)s AND c.platform_id = %(platform_id)s
    GROUP BY 1
),
written AS (
    INSERT INTO platform_days AS d (platform_number, day, plays, listeners, likes, comments, shares, seconds,
                                    purchases, sales, tips, followers_gained, followers_lost)
    SELECT %(platform)s::bigint, * FROM counted ORDER BY day
    ON CONFLICT (platform_number, day) DO UPDATE
    SET plays = excluded.plays, likes = excluded.likes, comments = excluded.comments,
        shares = excluded.shares, seconds = excluded.seconds, purchases = excluded.purchases, sales = excluded.sales,
        tips = excluded.tips, followers_gained = excluded.followers_gained, followers_lost = excluded.followers_lost,
        listeners = CASE WHEN d.day = ANY(%(final)s::date[]) THEN d.listeners ELSE excluded.listeners END
)
UPDATE platform_days d
SET plays = 0, likes = 0, comments = 0, shares = 0, seconds = 0, purchases = 0, sales = 0, tips = 0,
    followers_gained = 0, followers_lost = 0,
    listeners = CASE WHEN d.day = ANY(%(final)s::date[]) THEN d.listeners ELSE 0 END
WHERE d.day BETWEEN %(first)s AND %(last)s AND d.platform_number = %(platform)s::bigint
      AND NOT EXISTS (SELECT FROM counted c WHERE c.day = d.day)
