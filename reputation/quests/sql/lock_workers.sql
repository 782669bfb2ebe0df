-- The workers of facts, whose status stays as it is until the transaction ends.
SELECT w.id, w.status, w.deleted_at, w.reputation_score, w.created_at, w.country, w.time_zone
FROM workers w WHERE w.id = ANY(%(workers)s::uuid[])
ORDER BY w.id
FOR KEY SHARE
