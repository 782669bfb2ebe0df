-- Write events, numbered platform by platform in the order given. The counters are locked in the order of their
-- platforms, and last of all rows, so that a number is seen only when all before it are. What an event says can be
-- long, so it comes in last and is not carried through sorting.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%(ids)s::uuid[], %(platforms)s::uuid[], %(types)s::text[], %(times)s::timestamptz[])
        WITH ORDINALITY AS g(id, platform_id, type, created_at, place)
),
counted AS (
    INSERT INTO event_counters AS c (platform_id, last_sequence)
    SELECT platform_id, count(*) FROM given GROUP BY platform_id ORDER BY platform_id
    ON CONFLICT (platform_id) DO UPDATE SET last_sequence = c.last_sequence + excluded.last_sequence
    RETURNING c.platform_id, c.last_sequence
),
numbered AS (
    SELECT g.*, c.last_sequence + 1
                - row_number() OVER (PARTITION BY g.platform_id ORDER BY g.place DESC) AS sequence
    FROM given g JOIN counted c ON c.platform_id = g.platform_id
)
INSERT INTO events (id, platform_id, sequence, type, created_at, request_id, payload)
SELECT n.id, n.platform_id, n.sequence, n.type, n.created_at, %(request_id)s, p.payload
FROM jsonb_array_elements(%(payloads)s::jsonb) WITH ORDINALITY AS p(payload, place)
JOIN numbered n ON n.place = p.place
