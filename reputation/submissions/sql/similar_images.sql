-- Submissions to a quest whose images are similar to one, the most similar first: the bits in which the difference hashes
-- differ.
SELECT id, worker_id, status, bits
FROM (
    SELECT s.id, s.worker_id, s.status, s.created_at,
           bit_count((s.difference_hash # %(hash)s::bigint)::bit(64)) AS bits
    FROM submissions s
    WHERE s.quest_id = %(quest)s AND s.id <> %(besides)s AND s.difference_hash IS NOT NULL
) AS compared
WHERE bits <= %(most_bits)s
ORDER BY bits, created_at, id
LIMIT %(most)s
