-- Write the events that were read from a file, and their ids.
WITH written AS (
    INSERT INTO usage_events (number, platform_number, work_number, creator_number, listener_number, occurred_at,
                              received_at, amends, seconds, kind, amount, external_id)
    SELECT number, platform_number, work_number, creator_number, listener_number, occurred_at, received_at, amends,
           seconds, kind, amount, external_id
    FROM usage_attached ORDER BY number
)
INSERT INTO usage_keys (platform_number, external_id, event_number, occurred_at, content)
SELECT platform_number, external_id, number, occurred_at, content
FROM usage_attached WHERE external_id IS NOT NULL ORDER BY platform_number, external_id
