-- Take key and digest from the next listeners of a key.
WITH next AS (
    SELECT id FROM listeners
    WHERE platform_id = %(platform)s::uuid AND key_id = %(key)s::bigint
    ORDER BY id LIMIT %(most)s
    FOR NO KEY UPDATE
)
UPDATE listeners l SET key_id = NULL, digest = NULL FROM next WHERE l.id = next.id
RETURNING l.id
