-- The listeners of these digests, each under its key.
SELECT l.id
FROM unnest(%(keys)s::bigint[], %(digests)s::bytea[]) AS c(key_id, digest)
JOIN listeners l ON l.platform_id = %(platform)s::uuid AND l.key_id = c.key_id AND l.digest = c.digest
ORDER BY l.id
