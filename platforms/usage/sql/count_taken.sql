-- The second half of a statement whose first half has put events into `taken`, with the sign 1 for those that count
-- from now on and -1 for those that do so no longer, `stored` the new ones, and found those that are `known`. Tables
-- are written in one order, each in the order of its key; the counts make each of them wait for the one before it.
-- On days whose listeners are final nobody is counted as a listener, and nobody ceases to be one.
final_days AS MATERIALIZED (
    SELECT day FROM platform_days
    WHERE platform_number = %(platform)s::bigint AND day IN (SELECT day FROM taken) AND listeners_final_at IS NOT NULL
),
heard AS MATERIALIZED (
    SELECT day, work_number, creator_number, listener_number, sum(sign)::int AS plays
    FROM taken WHERE kind = 1 AND day <> ALL(ARRAY(SELECT day FROM final_days))
    GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0
),
works_heard AS (
    INSERT INTO work_listener_days AS d (day, work_number, creator_number, listener_number, plays)
    SELECT * FROM heard WHERE plays > 0 AND (SELECT count(*) FROM stored) >= 0
    ORDER BY day, work_number, creator_number, listener_number
    ON CONFLICT (day, work_number, creator_number, listener_number) DO UPDATE SET plays = d.plays + excluded.plays
    -- The row was not there before.
    RETURNING day, work_number, creator_number, (xmax = 0)::int AS change
),
works_left AS (
    DELETE FROM work_listener_days d USING heard h
    WHERE (d.day, d.work_number, d.creator_number, d.listener_number)
          = (h.day, h.work_number, h.creator_number, h.listener_number) AND h.plays < 0 AND d.plays = -h.plays
    RETURNING d.day, d.work_number, d.creator_number, -1 AS change
),
works_lowered AS (
    UPDATE work_listener_days d SET plays = d.plays + h.plays FROM heard h
    WHERE (d.day, d.work_number, d.creator_number, d.listener_number)
          = (h.day, h.work_number, h.creator_number, h.listener_number) AND h.plays < 0 AND d.plays > -h.plays
),
heard_by_creator AS MATERIALIZED (
    SELECT day, creator_number, listener_number, sum(plays)::int AS plays
    FROM heard GROUP BY 1, 2, 3 HAVING sum(plays) <> 0
),
creators_heard AS (
    INSERT INTO creator_listener_days AS d (day, creator_number, listener_number, plays)
    SELECT * FROM heard_by_creator WHERE plays > 0 AND (SELECT count(*) FROM works_heard) >= 0
    ORDER BY day, creator_number, listener_number
    ON CONFLICT (day, creator_number, listener_number) DO UPDATE SET plays = d.plays + excluded.plays
    RETURNING day, creator_number, (xmax = 0)::int AS change
),
creators_left AS (
    DELETE FROM creator_listener_days d USING heard_by_creator h
    WHERE (d.day, d.creator_number, d.listener_number) = (h.day, h.creator_number, h.listener_number)
          AND h.plays < 0 AND d.plays = -h.plays
    RETURNING d.day, d.creator_number, -1 AS change
),
creators_lowered AS (
    UPDATE creator_listener_days d SET plays = d.plays + h.plays FROM heard_by_creator h
    WHERE (d.day, d.creator_number, d.listener_number) = (h.day, h.creator_number, h.listener_number)
          AND h.plays < 0 AND d.plays > -h.plays
),
heard_by_platform AS MATERIALIZED (
    SELECT day, listener_number, sum(plays)::int AS plays
    FROM heard_by_creator GROUP BY 1, 2 HAVING sum(plays) <> 0
),
platforms_heard AS (
    INSERT INTO platform_listener_days AS d (day, platform_number, listener_number, plays)
    SELECT day, %(platform)s::bigint, listener_number, plays FROM heard_by_platform
    WHERE plays > 0 AND (SELECT count(*) FROM creators_heard) >= 0
    ORDER BY day, listener_number
    ON CONFLICT (day, platform_number, listener_number) DO UPDATE SET plays = d.plays + excluded.plays
    RETURNING day, (xmax = 0)::int AS change
),
platforms_left AS (
    DELETE FROM platform_listener_days d USING heard_by_platform h
    WHERE (d.day, d.platform_number, d.listener_number) = (h.day, %(platform)s::bigint, h.listener_number)
          AND h.plays < 0 AND d.plays = -h.plays
    RETURNING d.day, -1 AS change
),
platforms_lowered AS (
    UPDATE platform_listener_days d SET plays = d.plays + h.plays FROM heard_by_platform h
    WHERE (d.day, d.platform_number, d.listener_number) = (h.day, %(platform)s::bigint, h.listener_number)
          AND h.plays < 0 AND d.plays > -h.plays
),
liked AS (
    INSERT INTO work_likes (work_number, listener_number)
    SELECT * FROM unnest(%(liked_works)s::bigint[], %(liked_by)s::bigint[]) AS l(work_number, listener_number)
    WHERE (SELECT count(*) FROM platforms_heard) >= 0
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING
    RETURNING work_number
),
unliked AS (
    DELETE FROM work_likes w
    USING unnest(%(unliked_works)s::bigint[], %(unliked_by)s::bigint[]) AS l(work_number, listener_number)
    WHERE w.work_number = l.work_number AND w.listener_number = l.listener_number
    RETURNING w.work_number
),
sums AS MATERIALIZED (
    SELECT work_number, day, creator_number,
           coalesce(sum(sign) FILTER (WHERE kind = 1), 0) AS plays,
           coalesce(sum(CASE kind WHEN 2 THEN sign ELSE -sign END) FILTER (WHERE kind IN (2, 3)), 0) AS likes,
           coalesce(sum(sign) FILTER (WHERE kind = 4), 0) AS comments,
           coalesce(sum(sign) FILTER (WHERE kind = 5), 0) AS shares,
           coalesce(sum(sign * seconds), 0) AS seconds,
           coalesce(sum(sign) FILTER (WHERE kind = 6), 0) AS purchases,
           coalesce(sum(sign * amount) FILTER (WHERE kind = 6), 0) AS sales,
           coalesce(sum(sign * amount) FILTER (WHERE kind = 7), 0) AS tips
    FROM taken GROUP BY 1, 2, 3
),
new_of_works AS (
    SELECT work_number, day, creator_number, sum(change) AS listeners
    FROM (SELECT * FROM works_heard UNION ALL SELECT * FROM works_left) AS changes GROUP BY 1, 2, 3
),
work_changes AS MATERIALIZED (
    SELECT work_number, day, creator_number, plays, coalesce(n.listeners, 0) AS listeners, likes, comments, shares,
           seconds, purchases, sales, tips
    FROM sums LEFT JOIN new_of_works n USING (work_number, day, creator_number)
),
by_work AS (
    INSERT INTO work_days AS d (work_number, day, creator_number, plays, listeners, likes, comments, shares, seconds,
                                purchases, sales, tips)
    SELECT * FROM work_changes
    WHERE (SELECT count(*) FROM liked) >= 0
          AND least(plays, listeners, comments, shares, seconds, purchases, sales, tips) >= 0
    ORDER BY work_number, day, creator_number
    ON CONFLICT (work_number, day, creator_number) DO UPDATE
    SET plays = d.plays + excluded.plays, listeners = d.listeners + excluded.listeners,
        likes = d.likes + excluded.likes, comments = d.comments + excluded.comments,
        shares = d.shares + excluded.shares, seconds = d.seconds + excluded.seconds,
        purchases = d.purchases + excluded.purchases, sales = d.sales + excluded.sales, tips = d.tips + excluded.tips
    RETURNING work_number
),
-- What is taken back has been counted, so its rows are there.
works_less AS (
    UPDATE work_days d
    SET plays = d.plays + c.plays, listeners = d.listeners + c.listeners, likes = d.likes + c.likes,
        comments = d.comments + c.comments, shares = d.shares + c.shares, seconds = d.seconds + c.seconds,
        purchases = d.purchases + c.purchases, sales = d.sales + c.sales, tips = d.tips + c.tips
    FROM work_changes c
    WHERE (d.work_number, d.day, d.creator_number) = (c.work_number, c.day, c.creator_number)
          AND least(c.plays, c.listeners, c.comments, c.shares, c.seconds, c.purchases, c.sales, c.tips) < 0
),
new_of_creators AS (
    SELECT creator_number, day, sum(change) AS listeners
    FROM (SELECT * FROM creators_heard UNION ALL SELECT * FROM creators_left) AS changes GROUP BY 1, 2
),
creator_changes AS MATERIALIZED (
    SELECT s.creator_number, s.day, sum(plays) AS plays, coalesce(min(n.listeners), 0) AS listeners,
           sum(likes) AS likes, sum(comments) AS comments, sum(shares) AS shares, sum(seconds) AS seconds,
           sum(purchases) AS purchases, sum(sales) AS sales, sum(tips) AS tips
    FROM sums s LEFT JOIN new_of_creators n ON n.creator_number = s.creator_number AND n.day = s.day
    GROUP BY 1, 2
),
by_creator AS (
    INSERT INTO creator_days AS d (creator_number, day, plays, listeners, likes, comments, shares, seconds, purchases,
                                   sales, tips, followers_gained, followers_lost)
    SELECT *, 0, 0 FROM creator_changes
    WHERE (SELECT count(*) FROM by_work) >= 0
          AND least(plays, listeners, comments, shares, seconds, purchases, sales, tips) >= 0
    ORDER BY creator_number, day
    ON CONFLICT (creator_number, day) DO UPDATE
    SET plays = d.plays + excluded.plays, listeners = d.listeners + excluded.listeners,
        likes = d.likes + excluded.likes, comments = d.comments + excluded.comments,
        shares = d.shares + excluded.shares, seconds = d.seconds + excluded.seconds,
        purchases = d.purchases + excluded.purchases, sales = d.sales + excluded.sales, tips = d.tips + excluded.tips
    RETURNING creator_number
),
creators_less AS (
    UPDATE creator_days d
    SET plays = d.plays + c.plays, listeners = d.listeners + c.listeners, likes = d.likes + c.likes,
        comments = d.comments + c.comments, shares = d.shares + c.shares, seconds = d.seconds + c.seconds,
        purchases = d.purchases + c.purchases, sales = d.sales + c.sales, tips = d.tips + c.tips
    FROM creator_changes c
    WHERE (d.creator_number, d.day) = (c.creator_number, c.day)
          AND least(c.plays, c.listeners, c.comments, c.shares, c.seconds, c.purchases, c.sales, c.tips) < 0
),
new_of_platform AS (
    SELECT day, sum(change) AS listeners
    FROM (SELECT * FROM platforms_heard UNION ALL SELECT * FROM platforms_left) AS changes GROUP BY 1
),
platform_changes AS (
    SELECT c.day, sum(plays) AS plays, coalesce(min(n.listeners), 0) AS listeners, sum(likes) AS likes,
           sum(comments) AS comments, sum(shares) AS shares, sum(seconds) AS seconds, sum(purchases) AS purchases,
           sum(sales) AS sales, sum(tips) AS tips
    FROM creator_changes c LEFT JOIN new_of_platform n ON n.day = c.day
    GROUP BY 1
)
SELECT (SELECT positions FROM known) AS known,
       (SELECT count(*) FROM taken) AS taken,
       ARRAY(SELECT day FROM final_days ORDER BY day) AS listeners_final_on,
       -- Amounts are texts, as a number of JSON may become a float.
       (SELECT coalesce(json_agg(c ORDER BY creator_number, day), '[]')
        FROM (SELECT creator_number, day, plays, listeners, likes, comments, shares, seconds, purchases,
                     sales::text, tips::text FROM creator_changes) AS c) AS creators,
       (SELECT coalesce(json_agg(p ORDER BY day), '[]')
        FROM (SELECT day, plays, listeners, likes, comments, shares, seconds, purchases, sales::text, tips::text
              FROM platform_changes) AS p) AS platform,
       refuse_usage_race(
           (SELECT likes FROM known) > 0
           OR (SELECT count(*) FROM liked) <> cardinality(%(liked_works)s::bigint[])
           OR (SELECT count(*) FROM unliked) <> cardinality(%(unliked_works)s::bigint[])
       ) AS raced,
       (SELECT count(*) FROM by_creator) AS creator_days
