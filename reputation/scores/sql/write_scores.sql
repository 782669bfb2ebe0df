-- Each worker's score is that after their last event.
UPDATE workers SET reputation_score = after.score
FROM unnest(%(workers)s::uuid[], %(scores)s::smallint[]) AS after(worker_id, score)
WHERE workers.id = after.worker_id
