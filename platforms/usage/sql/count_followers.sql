-- Count who began and who ended to follow, on the days of their creators and then on those of the platforms.
WITH given AS MATERIALIZED (
    SELECT c.number AS creator_number, p.number AS platform_number, (g.at AT TIME ZONE 'UTC')::date AS day,
           sum(g.gained) AS gained, sum(g.lost) AS lost
    FROM unnest(%(creators)s::uuid[], %(times)s::timestamptz[], %(gained)s::int[], %(lost)s::int[])
        AS g(creator_id, at, gained, lost)
    JOIN creator_profiles c ON c.id = g.creator_id JOIN platforms p ON p.id = c.platform_id
    GROUP BY 1, 2, 3
),
by_creator AS (
    INSERT INTO creator_days AS d (creator_number, day, plays, listeners, likes, comments, shares, seconds, purchases,
                                   sales, tips, followers_gained, followers_lost)
    SELECT creator_number, day, 0, 0, 0, 0, 0, 0, 0, 0, 0, gained, lost FROM given ORDER BY creator_number, day
    ON CONFLICT (creator_number, day) DO UPDATE
    SET followers_gained = d.followers_gained + excluded.followers_gained,
        followers_lost = d.followers_lost + excluded.followers_lost
    RETURNING creator_number
)
INSERT INTO platform_days AS d (platform_number, day, plays, listeners, likes, comments, shares, seconds, purchases,
                                sales, tips, followers_gained, followers_lost)
SELECT platform_number, day, 0, 0, 0, 0, 0, 0, 0, 0, 0, sum(gained), sum(lost)
FROM given WHERE (SELECT count(*) FROM by_creator) >= 0 GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (platform_number, day) DO UPDATE
SET followers_gained = d.followers_gained + excluded.followers_gained,
    followers_lost = d.followers_lost + excluded.followers_lost
