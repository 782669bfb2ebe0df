-- Find or make the listener of each digest; return their ids in the order of the digests. These come in one value, each
-- in 32 bytes: under the present key, then those of the same people under each former key. All under a key differ.
-- A listener who is known under a former key moves to the present one. Rows are changed in the order of their ids and
-- then made in the order of their digests, so that two batches never wait for each other in a circle.
WITH given AS MATERIALIZED (
    SELECT position, substring(%(digests)s::bytea FROM (32 * position - 31)::int FOR 32) AS digest
    FROM generate_series(1, %(count)s::bigint) AS n(position)
),
candidates AS MATERIALIZED (
    SELECT position, %(key)s::bigint AS key_id, digest FROM given
    UNION ALL
    SELECT n.position, k.key_id,
           substring(%(digests)s::bytea FROM (32 * (k.nth * %(count)s::bigint + n.position) - 31)::int FOR 32)
    FROM unnest(%(former_keys)s::bigint[]) WITH ORDINALITY AS k(key_id, nth)
    CROSS JOIN generate_series(1, %(count)s::bigint) AS n(position)
),
found AS MATERIALIZED (
    SELECT DISTINCT ON (c.position) c.position, c.key_id, l.id, l.last_seen_on
    FROM candidates c
    -- The limit keeps the search in the index, however many listeners there are.
    CROSS JOIN LATERAL (
        SELECT id, last_seen_on FROM listeners
        WHERE platform_id = %(platform)s::uuid AND key_id = c.key_id AND digest = c.digest
        LIMIT 1
    ) AS l
    ORDER BY c.position, c.key_id DESC
),
changing AS MATERIALIZED (
    SELECT l.id, f.position
    FROM found f JOIN listeners l ON l.id = f.id
    WHERE (f.key_id <> %(key)s::bigint OR f.last_seen_on < %(today)s::date) AND l.digest IS NOT NULL
    ORDER BY l.id
    FOR NO KEY UPDATE OF l
),
changed AS (
    UPDATE listeners l
    SET key_id = %(key)s::bigint, digest = g.digest, last_seen_on = greatest(l.last_seen_on, %(today)s::date)
    FROM changing c JOIN given g ON g.position = c.position
    WHERE l.id = c.id
    RETURNING l.id
),
made AS (
    INSERT INTO listeners (platform_id, key_id, digest, last_seen_on)
    SELECT %(platform)s::uuid, %(key)s::bigint, g.digest, %(today)s::date
    FROM given g LEFT JOIN found f ON f.position = g.position
    -- The count has the changes come first.
    WHERE f.id IS NULL AND (SELECT count(*) FROM changed) >= 0
    ORDER BY g.digest
    ON CONFLICT (platform_id, key_id, digest)
        DO UPDATE SET last_seen_on = greatest(listeners.last_seen_on, excluded.last_seen_on)
    RETURNING id, digest
)
SELECT array_agg(id ORDER BY position) AS ids
FROM (
    SELECT position, id FROM found
    UNION ALL
    SELECT g.position, m.id FROM made m JOIN given g ON g.digest = m.digest
) AS all_of_them
