-- Write events that are not there, and whether each counts.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%(platform)s::bigint[], %(work)s::bigint[], %(number)s::bigint[], %(creator)s::bigint[],
                         %(listener)s::bigint[], %(occurred_at)s::timestamptz[], %(received_at)s::timestamptz[],
                         %(kind)s::smallint[], %(seconds)s::int[], %(amount)s::numeric[], %(amends)s::bigint[],
                         %(external_id)s::text[], %(counts)s::int[])
        AS g(platform, work, number, creator, listener, occurred_at, received_at, kind, seconds, amount, amends,
             external_id, counts)
),
written AS (
    INSERT INTO usage_events (number, platform_number, work_number, creator_number, listener_number, occurred_at,
                              received_at, amends, seconds, kind, amount, external_id)
    SELECT number, platform, work, creator, listener, occurred_at, received_at, nullif(amends, 0), seconds, kind,
           nullif(amount, 0), nullif(external_id, '')
    FROM given ORDER BY number
    ON CONFLICT DO NOTHING
),
counted_again AS (
    DELETE FROM usage_exclusions x USING given g WHERE x.event_number = g.number AND g.counts = 1
)
INSERT INTO usage_exclusions (event_number, occurred_at)
SELECT number, occurred_at FROM given WHERE counts = 0 ORDER BY number
ON CONFLICT DO NOTHING
