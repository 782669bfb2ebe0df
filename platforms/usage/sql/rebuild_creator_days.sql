-- Write the sums of creators anew from those of their works, and from who followed them. Listeners that are
-- final stay as they are.
WITH counted AS MATERIALIZED (
    SELECT d.creator_number, d.day, sum(d.plays) AS plays, sum(d.likes) AS likes, sum(d.comments) AS comments,
           sum(d.shares) AS shares, sum(d.seconds) AS seconds, sum(d.purchases) AS purchases, sum(d.sales) AS sales,
           sum(d.tips) AS tips
    FROM work_days d JOIN creator_profiles c ON c.number = d.creator_number
    WHERE d.day BETWEEN %(first)s AND %(last)s AND c.platform_id = %(platform_id)s
    GROUP BY 1, 2
),
heard AS MATERIALIZED (
    SELECT d.creator_number, d.day, count(*) AS listeners
    FROM creator_listener_days d JOIN creator_profiles c ON c.number = d.creator_number
    WHERE d.day BETWEEN %(first)s AND %(last)s AND d.day <> ALL(%(final)s::date[]) AND c.platform_id = %(platform_id)s
    GROUP BY 1, 2
),
followed AS MATERIALIZED (
    SELECT c.number AS creator_number, f.day, sum(f.gained) AS gained, sum(f.lost) AS lost
    FROM (
        SELECT creator_id, (since AT TIME ZONE 'UTC')::date AS day, 1 AS gained, 0 AS lost FROM follows
        UNION ALL
        SELECT creator_id, (until AT TIME ZONE 'UTC')::date, 0, 1 FROM follows WHERE until IS NOT NULL
    ) AS f JOIN creator_profiles c ON c.id = f.creator_id
    WHERE f.day BETWEEN %(first)s AND %(last)s AND c.platform_id = %(platform_id)s
    GROUP BY 1, 2
),
sums AS MATERIALIZED (
    SELECT creator_number, day, coalesce(plays, 0) AS plays, coalesce(listeners, 0) AS listeners,
           coalesce(likes, 0) AS likes, coalesce(comments, 0) AS comments, coalesce(shares, 0) AS shares,
           coalesce(seconds, 0) AS seconds, coalesce(purchases, 0) AS purchases, coalesce(sales, 0) AS sales,
           coalesce(tips, 0) AS tips, coalesce(gained, 0) AS gained, coalesce(lost, 0) AS lost
    FROM counted FULL JOIN heard USING (creator_number, day) FULL JOIN followed USING (creator_number, day)
),
written AS (
    INSERT INTO creator_days AS d (creator_number, day, plays, listeners, likes, comments, shares, seconds, purchases,
                                   sales, tips, followers_gained, followers_lost)
    SELECT * FROM sums ORDER BY creator_number, day
    ON CONFLICT (creator_number, day) DO UPDATE
    SET plays = excluded.plays, likes = excluded.likes, comments = excluded.comments,
        shares = excluded.shares, seconds = excluded.seconds, purchases = excluded.purchases, sales = excluded.sales,
        tips = excluded.tips, followers_gained = excluded.followers_gained, followers_lost = excluded.followers_lost,
        listeners = CASE WHEN d.day = ANY(%(final)s::date[]) THEN d.listeners ELSE excluded.listeners END
)
UPDATE creator_days d
SET plays = 0, likes = 0, comments = 0, shares = 0, seconds = 0, purchases = 0, sales = 0, tips = 0,
    followers_gained = 0, followers_lost = 0,
    listeners = CASE WHEN d.day = ANY(%(final)s::date[]) THEN d.listeners ELSE 0 END
FROM creator_profiles c
WHERE d.day BETWEEN %(first)s AND %(last)s AND c.number = d.creator_number AND c.platform_id = %(platform_id)s
      AND NOT EXISTS (SELECT FROM sums s WHERE s.creator_number = d.creator_number AND s.day = d.day)
