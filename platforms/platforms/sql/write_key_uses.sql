UPDATE api_keys
SET last_used_at = greatest(last_used_at, used.at)
FROM unnest(%(keys)s::bigint[], %(times)s::timestamptz[]) AS used (id, at)
WHERE api_keys.id = used.id
RETURNING api_keys.id
