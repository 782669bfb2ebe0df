-- Releases of a stream before a day, added up by day, the newest first.
SELECT (e.created_at AT TIME ZONE 'UTC')::date AS day, max(e.created_at) AS at, sum(e.amount) AS amount, count(*) AS number,
    min(e.sequence) AS first_release, max(e.sequence) AS last_release
FROM ledger_entries e
WHERE e.subject_id = %(stream)s AND e.sequence IS NOT NULL
    AND (%(before)s::date IS NULL OR (e.created_at AT TIME ZONE 'UTC')::date < %(before)s::date)
GROUP BY day
ORDER BY day DESC
LIMIT %(most)s
