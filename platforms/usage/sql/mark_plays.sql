-- Mark the plays of a platform's day that its rules find and that are not marked yet, each under the first rule that
-- does, but for creators whose day is final; return the findings. Marked plays count as before.
WITH rules AS MATERIALIZED (
    SELECT * FROM unnest(%(kinds)s::text[], %(thresholds)s::bigint[]) WITH ORDINALITY AS r(kind, threshold, place)
    WHERE threshold > 0
),
plays AS MATERIALIZED (
    SELECT e.number, e.occurred_at, e.work_number, e.creator_number, e.listener_number, e.seconds, w.kind AS work_kind,
           row_number() OVER (PARTITION BY e.listener_number, e.work_number, date_trunc('hour', e.occurred_at, 'UTC')
                              ORDER BY e.occurred_at, e.number) AS in_hour,
           row_number() OVER (PARTITION BY e.work_number, date_trunc('minute', e.occurred_at, 'UTC')
                              ORDER BY e.occurred_at, e.number) AS in_minute,
           row_number() OVER (PARTITION BY e.listener_number, e.creator_number ORDER BY e.occurred_at, e.number)
               AS in_day
    FROM usage_events e JOIN works w ON w.number = e.work_number
    WHERE e.platform_number = %(platform)s::bigint AND e.kind = 1
          AND e.occurred_at >= %(day)s::date::timestamp AT TIME ZONE 'UTC'
          AND e.occurred_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
          AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = e.number)
),
strangers AS MATERIALIZED (
    SELECT DISTINCT p.listener_number FROM plays p
    WHERE p.in_day > (SELECT threshold FROM rules WHERE kind = 'no_history')
          AND NOT EXISTS (SELECT FROM platform_listener_days d
                          WHERE d.platform_number = %(platform)s::bigint AND d.listener_number = p.listener_number
                                AND d.day < %(day)s::date)
          AND NOT EXISTS (SELECT FROM listeners l WHERE l.id = p.listener_number AND l.known_since < %(day)s::date)
),
found AS MATERIALIZED (
    SELECT DISTINCT ON (p.number) p.number, p.occurred_at, p.work_number, p.creator_number, r.kind, r.threshold
    FROM plays p JOIN rules r ON CASE r.kind
        WHEN 'listener_hour' THEN p.in_hour > r.threshold
        WHEN 'burst' THEN p.in_minute > r.threshold
        -- What is read or looked at has no length.
        WHEN 'short_play' THEN p.seconds < r.threshold AND p.work_kind IN ('track', 'video')
        WHEN 'no_history' THEN p.in_day > r.threshold AND p.listener_number IN (SELECT listener_number FROM strangers)
    END
    WHERE NOT EXISTS (SELECT FROM usage_marks m WHERE m.event_number = p.number)
          AND p.creator_number <> ALL(%(final)s::bigint[])
    ORDER BY p.number, r.place
),
findings AS (
    INSERT INTO usage_findings (creator_id, day, kind, number, threshold, plays, found_at, status, contest, decided_by,
                                reason)
    SELECT c.id, %(day)s::date, f.kind,
           1 + (SELECT count(*) FROM usage_findings o
                WHERE o.creator_id = c.id AND o.day = %(day)s::date AND o.kind = f.kind),
           min(f.threshold), count(*), %(now)s, 'held', '', '', ''
    FROM found f JOIN creator_profiles c ON c.number = f.creator_number
    GROUP BY c.id, f.kind ORDER BY c.id, f.kind
    ON CONFLICT (creator_id, day, kind, number) DO NOTHING
    RETURNING id, creator_id, kind
),
marks AS (
    INSERT INTO usage_marks (event_number, occurred_at, work_number, finding_id)
    SELECT f.number, f.occurred_at, f.work_number, g.id
    FROM found f JOIN creator_profiles c ON c.number = f.creator_number
    JOIN findings g ON g.creator_id = c.id AND g.kind = f.kind
    ORDER BY f.number
)
SELECT id FROM findings ORDER BY id
