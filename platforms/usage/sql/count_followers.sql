-- Count who began and who ended to follow, on the days of their creators; return the counts by creator and day.
WITH given AS MATERIALIZED (
    SELECT c.number AS creator_number, (g.at AT TIME ZONE 'UTC')::date AS day, sum(g.gained) AS gained,
           sum(g.lost) AS lost
    FROM unnest(%(creators)s::uuid[], %(times)s::timestamptz[], %(gained)s::int[], %(lost)s::int[])
        AS g(creator_id, at, gained, lost)
    JOIN creator_profiles c ON c.id = g.creator_id
    GROUP BY 1, 2
),
counted AS (
    INSERT INTO creator_days AS d (creator_number, day, plays, listeners, likes, comments, shares, seconds, purchases,
                                   sales, tips, followers_gained, followers_lost)
    SELECT creator_number, day, 0, 0, 0, 0, 0, 0, 0, 0, 0, gained, lost FROM given ORDER BY creator_number, day
    ON CONFLICT (creator_number, day) DO UPDATE
    SET followers_gained = d.followers_gained + excluded.followers_gained,
        followers_lost = d.followers_lost + excluded.followers_lost
)
SELECT creator_number AS creator, day, gained, lost FROM given ORDER BY creator_number, day
