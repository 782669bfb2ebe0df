-- The numbers of creators: sums of all their days, and the different people of the 30 days that end with the
-- newest one that has plays, so that numbers move with use alone and not with the calendar. Where listeners of any of
-- these days are final, different people cannot be counted any more: the number stays as the chain was last seen to show
-- it, and for other creators is that of their day with the most, as there were no fewer people.
SELECT c.id AS creator_id, coalesce(s.plays, 0)::bigint AS plays, greatest(coalesce(s.likes, 0), 0)::bigint AS likes,
       coalesce(s.followers, 0)::bigint AS followers, coalesce(s.revenue, 0) AS revenue,
       CASE WHEN r.is_final THEN coalesce(y.listeners, r.most) ELSE h.listeners END AS listeners
FROM creator_profiles c
JOIN platforms p ON p.id = c.platform_id
LEFT JOIN creator_syncs y ON y.creator_id = c.id AND y.synced_at IS NOT NULL
CROSS JOIN LATERAL (
    SELECT sum(d.plays) AS plays, sum(d.likes) AS likes, sum(d.followers_gained - d.followers_lost) AS followers,
           sum(d.sales + d.tips) AS revenue, max(d.day) FILTER (WHERE d.plays > 0) AS newest
    FROM creator_days d WHERE d.creator_number = c.number
) AS s
CROSS JOIN LATERAL (
    SELECT max(d.listeners) AS most, coalesce(bool_or(f.listeners_final_at IS NOT NULL), false) AS is_final
    FROM creator_days d LEFT JOIN platform_days f ON f.platform_number = p.number AND f.day = d.day
    WHERE d.creator_number = c.number AND d.day > s.newest - %(days)s AND d.day <= s.newest
) AS r
CROSS JOIN LATERAL (
    SELECT count(DISTINCT l.listener_number) AS listeners
    FROM generate_series(0, %(days)s - 1) AS back
    -- The fence has each day read by its index.
    CROSS JOIN LATERAL (
        SELECT listener_number FROM creator_listener_days
        WHERE day = s.newest - back AND creator_number = c.number OFFSET 0
    ) AS l
) AS h
WHERE c.id = ANY(%(creators)s)
