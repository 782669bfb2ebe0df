WITH listening AS (
    SELECT w.platform_id, w.queued_through, greatest(c.last_sequence - w.queued_through, 0) AS unqueued
    FROM webhook_endpoints w
    JOIN platforms p ON p.id = w.platform_id
    JOIN event_counters c ON c.platform_id = w.platform_id
    WHERE w.disabled_at IS NULL AND p.webhook_url <> ''
), queued AS (
    SELECT platform_id, count(*) AS pending, min(sequence) AS first
    FROM webhook_deliveries WHERE status = 'pending' GROUP BY platform_id
), oldest AS (
    SELECT platform_id, first FROM queued
    UNION ALL
    SELECT platform_id, queued_through + 1 FROM listening WHERE unqueued > 0
)
SELECT coalesce((SELECT sum(pending) FROM queued), 0)
           + coalesce((SELECT sum(unqueued) FROM listening), 0) AS events_undelivered,
       coalesce((
           SELECT greatest(extract(epoch FROM money_clock() - min(e.created_at)), 0)
           FROM oldest JOIN events e ON (e.platform_id, e.sequence) = (oldest.platform_id, oldest.first)
       ), 0) AS events_oldest_undelivered_seconds,
       (SELECT count(*) FROM webhook_endpoints WHERE disabled_at IS NOT NULL) AS webhooks_disabled
