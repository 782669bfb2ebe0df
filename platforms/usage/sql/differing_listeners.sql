-- Where who played what is not what the events say, or the days of works, creators and platforms count other listeners.
-- Of days whose listeners are final there are no such rows, and later corrections have not changed their counts.
WITH final AS MATERIALIZED (
    SELECT platform_number, day FROM platform_days WHERE listeners_final_at IS NOT NULL
),
recounted AS MATERIALIZED (
    SELECT * FROM recount_listeners('2000-01-01', '2200-01-01') r
    WHERE (r.platform_number, r.day) NOT IN (SELECT platform_number, day FROM final)
),
creators_of AS MATERIALIZED (
    SELECT c.number AS creator_number, p.number AS platform_number
    FROM creator_profiles c JOIN platforms p ON p.id = c.platform_id
),
works AS (
    SELECT creator_number, 'work ' || work_number AS what, day
    FROM work_listener_days d FULL JOIN recounted r USING (day, work_number, creator_number, listener_number)
    WHERE d.plays IS DISTINCT FROM r.plays
),
creators AS (
    SELECT creator_number, 'creator ' || creator_number, day
    FROM creator_listener_days d
    FULL JOIN (SELECT day, creator_number, listener_number, sum(plays) AS plays FROM recounted GROUP BY 1, 2, 3) AS r
        USING (day, creator_number, listener_number)
    WHERE d.plays IS DISTINCT FROM r.plays
),
counts AS (
    SELECT w.creator_number, 'work ' || w.work_number, w.day FROM work_days w
    WHERE w.listeners <> (SELECT count(*) FROM work_listener_days l
                          WHERE (l.day, l.work_number, l.creator_number) = (w.day, w.work_number, w.creator_number))
    UNION ALL
    SELECT c.creator_number, 'creator ' || c.creator_number, c.day FROM creator_days c
    WHERE c.listeners <> (SELECT count(*) FROM creator_listener_days l
                          WHERE (l.day, l.creator_number) = (c.day, c.creator_number))
),
platforms AS (
    SELECT platform_number, 'platform ' || platform_number AS what, day
    FROM platform_listener_days d
    FULL JOIN (SELECT day, platform_number, listener_number, sum(plays) AS plays FROM recounted GROUP BY 1, 2, 3) AS r
        USING (day, platform_number, listener_number)
    WHERE d.plays IS DISTINCT FROM r.plays
    UNION ALL
    SELECT p.platform_number, 'platform ' || p.platform_number, p.day FROM platform_days p
    WHERE p.listeners <> (SELECT count(*) FROM platform_listener_days l
                          WHERE (l.day, l.platform_number) = (p.day, p.platform_number))
),
found AS (
    SELECT o.platform_number, f.what, f.day
    FROM (SELECT * FROM works UNION ALL SELECT * FROM creators UNION ALL SELECT * FROM counts) AS f
    LEFT JOIN creators_of o USING (creator_number)
    UNION ALL
    SELECT * FROM platforms
)
SELECT DISTINCT what || ' on ' || day || ': the listeners are not those of its events' AS fault
FROM found f
WHERE NOT EXISTS (SELECT FROM usage_archives a WHERE a.month = date_trunc('month', f.day) AND a.attached_at IS NULL)
      AND NOT EXISTS (SELECT FROM final x WHERE x.platform_number = f.platform_number AND x.day = f.day)
ORDER BY 1
