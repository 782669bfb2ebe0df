-- Lease the deliveries that are due, of those webhooks that have waited longest, a few of each: one with a long
-- queue does not take the others' turns. Of one that fails only the next: it is called for one event a thread.
WITH waiting AS MATERIALIZED (
    SELECT w.id, w.failing_since IS NOT NULL AS failing
    FROM webhook_endpoints w
    CROSS JOIN LATERAL (
        SELECT d.next_attempt_at FROM webhook_deliveries d
        WHERE d.endpoint_id = w.id AND d.status = 'pending' AND d.next_attempt_at <= %(now)s
        ORDER BY d.next_attempt_at LIMIT 1
    ) AS oldest
    WHERE w.disabled_at IS NULL AND w.platform_id <> ALL(%(busy)s::uuid[])
      AND (w.failing_since IS NULL OR NOT %(without_failing)s)
    ORDER BY oldest.next_attempt_at LIMIT %(endpoints)s
),
due AS MATERIALIZED (
    SELECT picked.id
    FROM waiting w
    CROSS JOIN LATERAL (
        SELECT d.id FROM webhook_deliveries d
        WHERE d.endpoint_id = w.id AND d.status = 'pending' AND d.next_attempt_at <= %(now)s
        ORDER BY d.next_attempt_at, d.sequence LIMIT CASE WHEN w.failing THEN 1 ELSE %(each)s END
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS picked
)
UPDATE webhook_deliveries d
SET next_attempt_at = %(leased_until)s
FROM due WHERE d.id = due.id
RETURNING d.id
