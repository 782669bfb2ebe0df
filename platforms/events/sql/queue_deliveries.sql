-- Make a delivery for each event that is not queued for its platform's webhook yet. Numbers become visible in
-- their order, so the last one taken up says where to go on.
WITH behind AS MATERIALIZED (
    SELECT w.id, w.platform_id, w.queued_through, least(c.last_sequence, w.queued_through + %(most)s) AS upto
    FROM webhook_endpoints w JOIN event_counters c ON c.platform_id = w.platform_id
    WHERE w.disabled_at IS NULL AND c.last_sequence > w.queued_through
    ORDER BY w.id FOR NO KEY UPDATE OF w SKIP LOCKED
),
queued AS (
    INSERT INTO webhook_deliveries (event_id, endpoint_id, platform_id, sequence, status, attempts, next_attempt_at)
    SELECT e.id, b.id, e.platform_id, e.sequence, 'pending', 0, %(now)s
    FROM behind b
    JOIN events e ON e.platform_id = b.platform_id AND e.sequence > b.queued_through AND e.sequence <= b.upto
    ORDER BY e.platform_id, e.sequence
    ON CONFLICT (event_id) DO NOTHING
    RETURNING 1
),
moved AS (
    UPDATE webhook_endpoints w SET queued_through = b.upto FROM behind b WHERE w.id = b.id
)
SELECT count(*) AS count FROM queued
