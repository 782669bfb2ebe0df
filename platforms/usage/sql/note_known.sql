-- Note as known those who have played on these days, by those of the events that count.
WITH heard AS MATERIALIZED (
    SELECT e.listener_number, min((e.occurred_at AT TIME ZONE 'UTC')::date) AS day
    FROM unnest(%(numbers)s::bigint[], %(times)s::timestamptz[]) AS n(number, occurred_at)
    JOIN usage_events e ON e.number = n.number AND e.occurred_at = n.occurred_at
    WHERE e.kind = 1 AND (e.occurred_at AT TIME ZONE 'UTC')::date = ANY(%(days)s::date[])
          AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = e.number)
    GROUP BY 1
),
unknown AS MATERIALIZED (
    SELECT l.id, h.day FROM listeners l JOIN heard h ON h.listener_number = l.id
    WHERE l.known_since IS NULL OR l.known_since > h.day
    ORDER BY l.id
    FOR NO KEY UPDATE OF l
)
UPDATE listeners l SET known_since = u.day FROM unknown u WHERE l.id = u.id
