-- The number of each worker's last event, and the facts that are on record.
SELECT worker.id AS worker_id, (SELECT max(number) FROM reputation_events WHERE worker_id = worker.id) AS number,
       NULL AS source_key
FROM unnest(%(workers)s::uuid[]) AS worker(id)
UNION ALL
SELECT NULL, NULL, source_key FROM reputation_events WHERE source_key = ANY(%(keys)s::text[])
