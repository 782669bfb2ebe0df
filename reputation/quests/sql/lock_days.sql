-- Lock the outflows of these workers on a date, made where they are missing.
INSERT INTO quest_worker_outflows (worker_id, date, granted)
SELECT DISTINCT given.worker_id, %(date)s::date, 0 FROM unnest(%(workers)s::uuid[]) AS given(worker_id)
ORDER BY given.worker_id
ON CONFLICT (worker_id, date) DO UPDATE SET granted = quest_worker_outflows.granted
RETURNING worker_id, granted
