-- The listeners of these keys and digests, with the digest's position.
SELECT DISTINCT ON (c.position) c.position, l.id
FROM unnest(%(positions)s::bigint[], %(keys)s::bigint[], %(digests)s::bytea[]) AS c(position, key_id, digest)
CROSS JOIN LATERAL (
    SELECT id FROM listeners
    WHERE platform_id = %(platform)s::uuid AND key_id = c.key_id AND digest = c.digest
    LIMIT 1
) AS l
ORDER BY c.position, c.key_id DESC
