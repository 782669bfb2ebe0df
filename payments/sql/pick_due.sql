-- Lock one shard's due streams, or the named one of them, and say what must be known before accounts are locked: whose tasks end, and
-- what the workers who owe something are about to earn.
WITH due AS MATERIALIZED (
    SELECT s.id, s.worker_id, s.worker_account_id, s.task_id, s.total_amount, s.released_amount, s.sequence,
           s.duration_seconds, s.release_interval,
           stream_elapsed(s.start_at, s.paused_for, s.duration_seconds, %(now)s) AS elapsed
    FROM streams s
    WHERE s.status = 'active' AND s.shard = %(shard)s AND s.next_release_at <= %(now)s
      AND (%(stream)s::uuid IS NULL OR s.id = %(stream)s)
    ORDER BY s.next_release_at
    LIMIT %(limit)s
    FOR NO KEY UPDATE OF s SKIP LOCKED
),
owing AS (
    SELECT worker_id FROM accounts WHERE name = 'loan' AND negative_since IS NOT NULL
),
pay AS (
    SELECT d.*, stream_vested(d.total_amount, d.duration_seconds,
               CASE WHEN d.elapsed >= d.duration_seconds THEN d.elapsed
                    ELSE d.elapsed / d.release_interval * d.release_interval END) - d.released_amount AS amount
    FROM due d JOIN owing USING (worker_id)
)
SELECT (SELECT count(*) FROM due) AS picked,
       (SELECT array_agg(id)::text FROM due) AS stream_ids,
       (SELECT array_agg(task_id) FROM due WHERE elapsed >= duration_seconds) AS ending_task_ids,
       (SELECT json_agg(json_build_array(id, sequence + 1, worker_id, worker_account_id, amount::text)
                        ORDER BY worker_id, id)
        FROM pay WHERE amount > 0) AS owing_earnings
