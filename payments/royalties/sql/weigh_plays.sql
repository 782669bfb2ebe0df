-- The plays of a platform's creators from a day to a day, those of artificial use left out: the weights of a pro-rata
-- share. Creators whose worker has left have no share.
WITH own AS MATERIALIZED (
    SELECT c.id, c.number FROM creator_profiles c JOIN workers w ON w.id = c.worker_id
    WHERE c.platform_id = %(platform)s AND w.deleted_at IS NULL
),
left_out AS MATERIALIZED (
    SELECT own.number AS creator_number, count(*) AS plays
    FROM own JOIN usage_findings f ON f.creator_id = own.id
    JOIN usage_marks m ON m.finding_id = f.id
    WHERE f.day BETWEEN %(first)s AND %(last)s AND f.status IN ('held', 'confirmed')
          AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = m.event_number)
    GROUP BY 1
),
played AS (
    SELECT d.creator_number, sum(d.plays) AS plays
    FROM own JOIN creator_days d ON d.creator_number = own.number AND d.day BETWEEN %(first)s AND %(last)s
    GROUP BY 1
)
SELECT p.creator_number, (p.plays - coalesce(l.plays, 0))::bigint AS plays, coalesce(l.plays, 0) AS plays_refused,
       (p.plays - coalesce(l.plays, 0))::bigint AS weight
FROM played p LEFT JOIN left_out l USING (creator_number)
WHERE p.plays > 0
ORDER BY p.creator_number
