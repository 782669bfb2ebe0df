-- Streams of the started time_based tasks: ended, running or paused.
INSERT INTO streams (id, created_at, updated_at, task_id, worker_id, platform_id, worker_account_id, escrow_account_id,
    shard, total_amount, released_amount, sequence, start_at, end_at, duration_seconds, first_total,
    first_duration_seconds, last_act_at, release_interval, next_release_at, status, paused_at, paused_for, completed_at, cancelled_at, release_failures, contract_address,
    contract_stream_id, metadata)
SELECT pg_temp.row_id(4, p.n, started_at), started_at, coalesce(closed_at, %(now)s), p.id, w.id, pl.id, w.available,
       pl.escrow, w.shard, p.amount, paid.amount, releases, started_at, started_at + interval '1 second' * duration,
       duration, p.amount, duration,
       coalesce(closed_at, halted_at, started_at + interval '1 second' * least(releases * every, duration)), every,
       CASE WHEN closed_at IS NULL
            THEN started_at + interval '1 second' * least((releases + 1) * every, duration) END,
       state, CASE WHEN state = 'paused' THEN halted_at END, interval '0',
       CASE WHEN state = 'completed' THEN closed_at END, CASE WHEN state = 'cancelled' THEN closed_at END,
       0, '', '', '{}'
FROM plan p
JOIN cast_workers w ON w.n = worker
JOIN cast_platforms pl ON pl.n = platform
JOIN paid ON paid.task = p.n,
LATERAL (SELECT CASE WHEN closed_at IS NOT NULL AND paid.amount = p.amount THEN 'completed'
                     WHEN closed_at IS NOT NULL THEN 'cancelled'
                     WHEN halted_at IS NOT NULL THEN 'paused' ELSE 'active' END AS state) AS s
WHERE type = 'time_based' AND started_at IS NOT NULL
ORDER BY started_at;
