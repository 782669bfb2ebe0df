-- What is on record under these ids of a platform.
SELECT k.external_id, k.event_number, k.occurred_at, k.content
FROM unnest(%(ids)s::text[]) AS g(external_id)
CROSS JOIN LATERAL (
    SELECT * FROM usage_keys
    WHERE platform_number = %(platform)s::bigint AND external_id = g.external_id LIMIT 1
) AS k
