-- What a stream had released by when, in no more than about %(steps)s steps: neighbouring releases are added up.
SELECT max(e.created_at) AS at, sum(sum(e.amount)) OVER (ORDER BY max(e.sequence)) AS released
FROM ledger_entries e
WHERE e.stream_id = %(stream)s AND e.sequence IS NOT NULL
GROUP BY (e.sequence - 1) / greatest(1, ceil(%(releases)s::numeric / %(steps)s)::integer)
ORDER BY 1
