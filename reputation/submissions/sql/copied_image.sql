-- The most similar image that stands in the quest, if it is similar enough to be the same: of any worker, so that nobody is
-- rewarded twice for a picture by encoding it anew.
SELECT bits
FROM (
    SELECT bit_count((s.difference_hash # %(hash)s::bigint)::bit(64)) AS bits
    FROM submissions s
    WHERE s.quest_id = %(quest)s AND s.id <> %(besides)s AND s.difference_hash IS NOT NULL
      AND s.status IN ('pending', 'approved', 'appealed')
) AS compared
WHERE bits <= %(most_bits)s
ORDER BY bits
LIMIT 1
