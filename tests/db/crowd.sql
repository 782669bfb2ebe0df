-- A year of work by %(workers)s workers on %(tasks)s tasks of %(platforms)s platforms, row by row plausible and
-- without a ledger: enough for the planner to choose as it would in earnest.
INSERT INTO workers (id, created_at, updated_at, email, full_name, password_hash, wallet_id, status, metadata,
    reputation_score, total_tasks, total_earned, completion_rate, dispute_rate, account_age_days)
SELECT md5('worker' || n)::uuid, money_clock() - interval '400 days', money_clock(), 'crowd' || n || '@example.com', 'Worker ' || n,
    '', '', 'active', '{}', 400 + n %% 500, 0, 0, 0, 0, 0
FROM generate_series(0, %(workers)s - 1) AS n;

INSERT INTO platforms (id, created_at, updated_at, name, contact_email, webhook_url, webhook_secret, wallet_id,
    is_active, fee_bps, metadata, total_payouts, total_tasks, active_workers, unique_workers)
SELECT md5('platform' || n)::uuid, money_clock() - interval '400 days', money_clock(), 'Crowd ' || n, 'c@example.com', '', '', '',
    true, 200, '{}', 0, 0, 0, 0
FROM generate_series(0, %(platforms)s - 1) AS n;

INSERT INTO accounts (id, name, worker_id, may_go_below_zero, balance, payout_count, payout_schedule)
SELECT nextval(pg_get_serial_sequence('accounts', 'id')), name, md5('worker' || n)::uuid, name = 'loan', 0, 0,
    CASE WHEN name = 'available' THEN 'standard' END
FROM generate_series(0, %(workers)s - 1) AS n, unnest(ARRAY['available', 'in_transit', 'loan']) AS name;

INSERT INTO accounts (id, name, platform_id, may_go_below_zero, balance, payout_count)
SELECT nextval(pg_get_serial_sequence('accounts', 'id')), 'escrow', md5('platform' || n)::uuid, false, 0, 0
FROM generate_series(0, %(platforms)s - 1) AS n;

INSERT INTO tasks (id, created_at, updated_at, title, description, task_type, amount, fee_bps, status, due_at,
    assigned_at, started_at, completed_at, cancelled_at, disputed_at, duration_seconds, release_interval, paid_amount,
    verification_data, completion_proof, worker_rating, metadata, platform_id, worker_id)
SELECT lpad(to_hex(n), 32, '0')::uuid, at, at + took, 'Task ' || n, '', type, 10, 200, status, at + interval '3 hours',
    at, at + interval '10 minutes',
    CASE WHEN status = 'completed' THEN at + interval '10 minutes' + took END,
    CASE WHEN status = 'cancelled' THEN at + took END,
    CASE WHEN status = 'disputed' THEN at + took END,
    CASE WHEN type = 'time_based' THEN 3600 END, CASE WHEN type = 'time_based' THEN 60 END,
    CASE status WHEN 'completed' THEN 10 WHEN 'cancelled' THEN 0 END,
    '{}', '{}', CASE WHEN status = 'completed' THEN n %% 5 + 1 END, '{}',
    md5('platform' || n %% %(platforms)s)::uuid, md5('worker' || n / 3 %% %(workers)s)::uuid
FROM (
    SELECT n, money_clock() - interval '365 days' * (1 - n::float / %(tasks)s) AS at, (n * 37 %% 20000) * interval '1 second' AS took,
           (ARRAY['fixed', 'time_based', 'milestone'])[n %% 3 + 1] AS type,
           CASE WHEN n > %(tasks)s * 0.995 THEN 'in_progress' WHEN n %% 25 = 7 THEN 'cancelled'
                WHEN n %% 200 = 9 THEN 'disputed' ELSE 'completed' END AS status
    FROM generate_series(0, %(tasks)s - 1) AS n
) made;

INSERT INTO engagements (platform_id, worker_id, open_tasks, finished_tasks, first_at, last_at)
SELECT platform_id, worker_id, 0, 0, min(created_at), max(created_at) FROM tasks GROUP BY 1, 2;

INSERT INTO milestones (task_id, number, title, amount, approved_at)
SELECT id, step, 'step', 5, completed_at FROM tasks, generate_series(1, 2) AS step WHERE task_type = 'milestone';

INSERT INTO streams (id, created_at, updated_at, shard, total_amount, released_amount, sequence, start_at, end_at,
    duration_seconds, first_total, first_duration_seconds, last_act_at, release_interval, status, paused_for,
    release_failures, contract_address, contract_stream_id, metadata, escrow_account_id, platform_id, task_id, worker_id, worker_account_id, completed_at, cancelled_at,
    next_release_at)
SELECT t.id, t.created_at, t.updated_at, 0, 10, CASE WHEN t.status = 'completed' THEN 10 ELSE 5 END, 30, t.started_at,
    t.started_at + interval '3600 seconds', 3600, 10, 3600,
    greatest(t.completed_at, t.cancelled_at, t.disputed_at, t.started_at), 60,
    CASE t.status WHEN 'completed' THEN 'completed' WHEN 'in_progress' THEN 'active' ELSE 'cancelled' END,
    interval '0', 0, '', '', '{}', escrow.id, t.platform_id, t.id, t.worker_id, available.id, t.completed_at,
    CASE WHEN t.status IN ('cancelled', 'disputed') THEN coalesce(t.cancelled_at, t.disputed_at) END,
    CASE WHEN t.status = 'in_progress' THEN money_clock() END
FROM tasks t
JOIN accounts available ON available.worker_id = t.worker_id AND available.name = 'available'
JOIN accounts escrow ON escrow.platform_id = t.platform_id AND escrow.name = 'escrow'
WHERE t.task_type = 'time_based';

INSERT INTO disputes (id, created_at, severity, reason, resolution, task_id)
SELECT id, disputed_at, 1, 'wrong', '', id FROM tasks WHERE disputed_at IS NOT NULL;

INSERT INTO transactions (id, created_at, updated_at, type, status, amount, fee, from_wallet, to_wallet, tx_hash,
    confirmations, idempotency_key, retry_count, error_message, metadata, confirmed_at, task_id, platform_id, worker_id)
SELECT md5(kind.type || t.id)::uuid, t.completed_at, t.completed_at, kind.type, 'confirmed', 1, 0, '', 'x',
    CASE WHEN kind.type = 'payout' THEN t.id::text END, 0, kind.type || t.id, 0, '', '{}', t.completed_at, t.id,
    CASE WHEN kind.type <> 'payout' THEN t.platform_id END, CASE WHEN kind.type <> 'fee' THEN t.worker_id END
FROM tasks t
CROSS JOIN (VALUES ('fee', 1), ('payout', 1), ('reward', 100)) AS kind (type, every)
WHERE t.status = 'completed' AND ('x' || right(t.id::text, 4))::bit(16)::int %% kind.every = 0
ORDER BY t.completed_at;

INSERT INTO loans (id, created_at, updated_at, amount, fee, fee_bps, amount_repaid, amount_written_off, status,
    risk_factors, requested_at, approved_at, disbursed_at, repayment_due, repaid_at, rejection_reason, metadata, worker_id)
SELECT id, created_at, created_at, 10, 0.2, 200, 10.2, 0, 'repaid', '{}', created_at, created_at, created_at,
    created_at + interval '30 days', created_at + interval '20 days', '', '{}', id
FROM workers;

INSERT INTO reputation_events (id, created_at, event_type, delta, previous_score, new_score, number, reason,
    triggered_by, metadata, worker_id)
SELECT md5(w.id || '-' || number)::uuid, money_clock() - number * interval '30 days', 'manual_adjustment', 10, 500, 510, number,
    'x', '', '{}', w.id
FROM workers w, generate_series(1, 10) AS number;

ANALYZE workers, platforms, accounts, tasks, engagements, milestones, streams, disputes, transactions, loans,
    reputation_events;
