-- Add the changes of days to those of the platform; a change that takes something back meets a row.
WITH changes AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(changes)s)
        AS c(day date, plays bigint, listeners bigint, likes bigint, comments bigint, shares bigint, seconds bigint,
             purchases bigint, sales numeric, tips numeric, followers_gained bigint, followers_lost bigint)
),
less AS (
    UPDATE platform_days d
    SET plays = d.plays + c.plays, listeners = d.listeners + c.listeners, likes = d.likes + c.likes,
        comments = d.comments + c.comments, shares = d.shares + c.shares, seconds = d.seconds + c.seconds,
        purchases = d.purchases + c.purchases, sales = d.sales + c.sales, tips = d.tips + c.tips,
        changes = d.changes + 1
    FROM changes c
    WHERE d.platform_number = %(platform)s::bigint AND d.day = c.day
          AND least(c.plays, c.listeners, c.comments, c.shares, c.seconds, c.purchases, c.sales, c.tips) < 0
)
INSERT INTO platform_days AS d (platform_number, day, plays, listeners, likes, comments, shares, seconds, purchases,
                                sales, tips, followers_gained, followers_lost, changes)
SELECT %(platform)s::bigint, day, plays, listeners, likes, comments, shares, seconds, purchases, sales, tips,
       coalesce(followers_gained, 0), coalesce(followers_lost, 0), 1
FROM changes c
WHERE least(c.plays, c.listeners, c.comments, c.shares, c.seconds, c.purchases, c.sales, c.tips) >= 0
ORDER BY day
ON CONFLICT (platform_number, day) DO UPDATE
SET plays = d.plays + excluded.plays, listeners = d.listeners + excluded.listeners, likes = d.likes + excluded.likes,
    comments = d.comments + excluded.comments, shares = d.shares + excluded.shares,
    seconds = d.seconds + excluded.seconds, purchases = d.purchases + excluded.purchases,
    sales = d.sales + excluded.sales, tips = d.tips + excluded.tips,
    followers_gained = d.followers_gained + excluded.followers_gained,
    followers_lost = d.followers_lost + excluded.followers_lost, changes = d.changes + 1
