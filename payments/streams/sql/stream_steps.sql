-- Times with the amount that a stream had released by then, in about %(steps)s steps at most: neighbouring releases are
-- added up.
SELECT max(e.created_at) AS at, sum(sum(e.amount)) OVER (ORDER BY max(e.sequence)) AS released
FROM ledger_entries e
WHERE e.subject_id = %(stream)s AND e.sequence IS NOT NULL
GROUP BY (e.sequence - 1) / greatest(1, ceil(%(releases)s::numeric / %(steps)s)::integer)
ORDER BY 1
