-- Lock a shard's due streams, or only the given stream, and return the facts that the locking of accounts needs: the
-- tasks that end, and the pay that workers who owe an advance are about to earn.
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
    SELECT d.*, stream_due(d.total_amount, d.duration_seconds, d.release_interval, d.elapsed)
                - d.released_amount AS amount
    FROM due d JOIN owing USING (worker_id)
)
SELECT (SELECT count(*) FROM due) AS picked,
       (SELECT array_agg(id)::text FROM due) AS stream_ids,
       (SELECT array_agg(task_id) FROM due WHERE elapsed >= duration_seconds) AS ending_task_ids,
       (SELECT json_agg(json_build_array(id, sequence + 1, worker_id, worker_account_id, amount::text)
                        ORDER BY worker_id, id)
        FROM pay WHERE amount > 0) AS owing_earnings
