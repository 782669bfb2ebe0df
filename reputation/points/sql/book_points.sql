-- Book the entries that are not on record yet, and move their (locked) balances; return an entry for each that was
-- given, booked now or before. Where a balance would fall below zero nothing is booked, and the first such entry is
-- returned as overdrawn, with the balance that it meets.
WITH given AS MATERIALIZED (
    SELECT g.*, old.earned_at AS earned_at, known.id AS known_id
    FROM jsonb_to_recordset(%(entries)s) AS g(
        position integer, worker_id uuid, platform_id uuid, kind text, amount bigint, reason text,
        quest_event_id bigint, reverses_id bigint, requested_by text, approved_by text)
    LEFT JOIN points_entries old ON old.id = g.reverses_id
    LEFT JOIN points_entries known ON known.quest_event_id = g.quest_event_id
),
fresh AS MATERIALIZED (
    SELECT g.*, b.id AS balance_id,
           b.balance + sum(g.amount) OVER (PARTITION BY b.id ORDER BY g.position) AS balance_after
    FROM given g
    JOIN points_balances b ON b.worker_id = g.worker_id AND b.platform_id IS NOT DISTINCT FROM g.platform_id
    WHERE g.known_id IS NULL
),
overdrawn AS MATERIALIZED (
    SELECT * FROM fresh WHERE balance_after < 0 ORDER BY position LIMIT 1
),
booked AS (
    INSERT INTO points_entries (created_at, worker_id, platform_id, kind, amount, balance_after, earned_at, reason,
        quest_event_id, reverses_id, requested_by, approved_by)
    SELECT %(now)s, worker_id, platform_id, kind, amount, balance_after, coalesce(earned_at, %(now)s), reason,
           quest_event_id, reverses_id, requested_by, approved_by
    FROM fresh WHERE NOT EXISTS (SELECT FROM overdrawn)
    ORDER BY position
    RETURNING *
),
moved AS (
    UPDATE points_balances b SET balance = b.balance + change.amount, updated_at = %(now)s
    FROM (SELECT balance_id, sum(amount) AS amount FROM fresh GROUP BY balance_id) AS change
    WHERE b.id = change.balance_id AND NOT EXISTS (SELECT FROM overdrawn)
)
SELECT g.position, false AS is_overdrawn, e.*
FROM given g
JOIN (SELECT * FROM booked UNION ALL
      SELECT * FROM points_entries WHERE id IN (SELECT known_id FROM given)) AS e
    ON (e.kind, coalesce(e.quest_event_id, e.reverses_id, 0), e.worker_id)
       = (g.kind, coalesce(g.quest_event_id, g.reverses_id, 0), g.worker_id)
    AND e.platform_id IS NOT DISTINCT FROM g.platform_id
UNION ALL
SELECT o.position, true, e.*
FROM overdrawn o
CROSS JOIN LATERAL jsonb_populate_record(NULL::points_entries, to_jsonb(o)) AS e
ORDER BY position
