-- Record the events of a batch whose ids are new, and their ids: the first half of a statement, whose second half
-- counts the events in `taken` (count_taken.sql). Numbers follow from the positions.
WITH given AS MATERIALIZED (
    SELECT %(first)s::bigint + g.position AS number, g.*, (g.occurred_at AT TIME ZONE 'UTC')::date AS day,
           substr(%(contents)s::bytea, 16 * (g.place::int - 1) + 1, 16) AS content
    FROM unnest(%(positions)s::int[], %(ids)s::text[], %(works)s::bigint[], %(creators)s::bigint[],
                %(kinds)s::smallint[], %(listeners)s::bigint[], %(times)s::timestamptz[], %(seconds)s::int[],
                %(amounts)s::numeric[])
        WITH ORDINALITY AS g(position, external_id, work_number, creator_number, kind, listener_number, occurred_at,
                             seconds, amount, place)
),
fresh AS (
    INSERT INTO usage_keys (platform_number, external_id, event_number, occurred_at, content)
    SELECT %(platform)s::bigint, external_id, number, occurred_at, content
    FROM given ORDER BY external_id COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING event_number
),
taken AS MATERIALIZED (
    SELECT g.*, 1 AS sign FROM given g JOIN fresh f ON f.event_number = g.number
),
stored AS (
    INSERT INTO usage_events (number, platform_number, work_number, creator_number, listener_number, occurred_at,
                              received_at, seconds, kind, amount, external_id)
    SELECT number, %(platform)s::bigint, work_number, creator_number, listener_number, occurred_at, %(now)s, seconds,
           kind, amount, external_id
    FROM taken ORDER BY number
    RETURNING number
),
known AS MATERIALIZED (
    SELECT coalesce(array_agg(g.position) FILTER (WHERE f.event_number IS NULL), '{}') AS positions,
           count(*) FILTER (WHERE f.event_number IS NULL AND g.kind IN (2, 3)) AS likes
    FROM given g LEFT JOIN fresh f ON f.event_number = g.number
),
