INSERT INTO reputation_events (id, created_at, worker_id, task_id, event_type, delta, previous_score, new_score,
    number, reason, triggered_by, source_key, metadata, counted_on)
SELECT id, created_at, worker_id, task_id, event_type, delta, previous_score, new_score, number, reason,
    triggered_by, source_key, metadata, counted_on
FROM jsonb_populate_recordset(NULL::reputation_events, %(events)s)
