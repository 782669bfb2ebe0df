-- The keys that were retired 13 months ago or earlier and still have their secret.
SELECT id, platform_id FROM listener_keys
WHERE destroyed_at IS NULL AND retired_at + interval '13 months' <= %(now)s
ORDER BY id
