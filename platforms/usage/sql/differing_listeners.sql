-- Where who played what is not what the events say, or the days of works, creators and platforms count other listeners.
WITH recounted AS MATERIALIZED (
    SELECT * FROM recount_listeners('2000-01-01', '2200-01-01')
),
works AS (
    SELECT 'work ' || coalesce(d.work_number, r.work_number) AS what, coalesce(d.day, r.day) AS day
    FROM work_listener_days d
    FULL JOIN recounted r ON (r.day, r.work_number, r.creator_number, r.listener_number)
                             = (d.day, d.work_number, d.creator_number, d.listener_number)
    WHERE d.plays IS DISTINCT FROM r.plays
),
creators AS (
    SELECT 'creator ' || coalesce(d.creator_number, r.creator_number), coalesce(d.day, r.day)
    FROM creator_listener_days d
    FULL JOIN (SELECT day, creator_number, listener_number, sum(plays) AS plays FROM recounted GROUP BY 1, 2, 3) AS r
        ON (r.day, r.creator_number, r.listener_number) = (d.day, d.creator_number, d.listener_number)
    WHERE d.plays IS DISTINCT FROM r.plays
),
platforms AS (
    SELECT 'platform ' || coalesce(d.platform_number, r.platform_number), coalesce(d.day, r.day)
    FROM platform_listener_days d
    FULL JOIN (SELECT day, platform_number, listener_number, sum(plays) AS plays FROM recounted GROUP BY 1, 2, 3) AS r
        ON (r.day, r.platform_number, r.listener_number) = (d.day, d.platform_number, d.listener_number)
    WHERE d.plays IS DISTINCT FROM r.plays
),
counts AS (
    SELECT 'work ' || w.work_number, w.day FROM work_days w
    WHERE w.listeners <> (SELECT count(*) FROM work_listener_days l
                          WHERE (l.day, l.work_number, l.creator_number) = (w.day, w.work_number, w.creator_number))
    UNION ALL
    SELECT 'creator ' || c.creator_number, c.day FROM creator_days c
    WHERE c.listeners <> (SELECT count(*) FROM creator_listener_days l
                          WHERE (l.day, l.creator_number) = (c.day, c.creator_number))
    UNION ALL
    SELECT 'platform ' || p.platform_number, p.day FROM platform_days p
    WHERE p.listeners <> (SELECT count(*) FROM platform_listener_days l
                          WHERE (l.day, l.platform_number) = (p.day, p.platform_number))
)
SELECT DISTINCT what || ' on ' || day || ': the listeners are not those of its events' AS fault
FROM (SELECT * FROM works UNION ALL SELECT * FROM creators UNION ALL SELECT * FROM platforms
      UNION ALL SELECT * FROM counts) AS all_of_them
WHERE NOT EXISTS (SELECT FROM usage_archives a
                  WHERE a.month = date_trunc('month', all_of_them.day) AND a.attached_at IS NULL)
ORDER BY 1
