-- Write ties, or when they were seen again, in one order for all.
INSERT INTO worker_ties AS t (worker_id, kind, key_hash, first_seen_at, last_seen_at)
SELECT DISTINCT given.worker_id, given.kind, given.key_hash, %(now)s::timestamptz, %(now)s::timestamptz
FROM unnest(%(workers)s::uuid[], %(kinds)s::text[], %(hashes)s::text[]) AS given(worker_id, kind, key_hash)
ORDER BY 1, 2, 3
ON CONFLICT (worker_id, kind, key_hash) DO UPDATE
SET last_seen_at = greatest(t.last_seen_at, excluded.last_seen_at)
