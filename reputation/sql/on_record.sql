-- What counts already: the number of each worker's last event, and which of the facts are on record.
SELECT asked.id AS worker_id, (SELECT max(number) FROM reputation_events WHERE worker_id = asked.id) AS number,
       NULL AS source_key
FROM unnest(%(workers)s::uuid[]) AS asked(id)
UNION ALL
SELECT NULL, NULL, source_key FROM reputation_events WHERE source_key = ANY(%(keys)s::text[])
