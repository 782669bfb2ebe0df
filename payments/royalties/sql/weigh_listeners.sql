-- The weights of a user-centric share: each listener of a platform weighs 10^18, divided among the creators by what that
-- listener played of theirs from a day to a day, artificial use left out.
WITH own AS MATERIALIZED (
    SELECT c.id, c.number FROM creator_profiles c JOIN workers w ON w.id = c.worker_id
    WHERE c.platform_id = %(platform)s AND w.deleted_at IS NULL
),
left_out AS MATERIALIZED (
    SELECT e.listener_number, e.creator_number, count(*) AS plays
    FROM own JOIN usage_findings f ON f.creator_id = own.id
    JOIN usage_marks m ON m.finding_id = f.id
    JOIN usage_events e ON e.number = m.event_number AND e.occurred_at = m.occurred_at
    WHERE f.day BETWEEN %(first)s AND %(last)s AND f.status IN ('held', 'confirmed')
          AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = m.event_number)
    GROUP BY 1, 2
),
heard AS MATERIALIZED (
    SELECT d.listener_number, d.creator_number, sum(d.plays) AS plays
    FROM own JOIN creator_listener_days d ON d.creator_number = own.number
    WHERE d.day BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2
),
counted AS (
    SELECT h.listener_number, h.creator_number, h.plays - coalesce(l.plays, 0) AS plays,
           coalesce(l.plays, 0) AS plays_refused,
           sum(h.plays - coalesce(l.plays, 0)) OVER (PARTITION BY h.listener_number) AS all_plays
    FROM heard h LEFT JOIN left_out l USING (listener_number, creator_number)
)
SELECT creator_number, sum(plays)::bigint AS plays, sum(plays_refused)::bigint AS plays_refused,
       sum(CASE WHEN all_plays > 0 THEN div(plays * 1000000000000000000::numeric, all_plays) ELSE 0 END) AS weight
FROM counted
GROUP BY 1
ORDER BY 1
