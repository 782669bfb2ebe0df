-- Active streams number %(first)s to %(last)s, all begun within a minute after `start_at`, funded and held for.
INSERT INTO tasks (id, created_at, updated_at, platform_id, worker_id, title, description, task_type, amount, fee_bps,
    status, assigned_at, assignment_number, started_at, duration_seconds, release_interval, verification_data, completion_proof, metadata)
SELECT pg_temp.made_id('task', n), at, at, pg_temp.made_id('platform', 1 + n %% %(platforms)s), pg_temp.made_id('worker', 1 + n %% %(workers)s),
    'Task ' || n, '', 'time_based', 100 + n %% 37, 200, 'in_progress', at, 1, at, %(duration)s, %(interval)s, '{}', '{}', '{}'
FROM generate_series(%(first)s, %(last)s) AS n, LATERAL (SELECT %(start_at)s::timestamptz + n %% 60 * interval '1 second' AS at);

-- The workers agreed to it.
INSERT INTO consents (id, created_at, platform_id, worker_id, source, accepted_at)
SELECT gen_random_uuid(), min(assigned_at), platform_id, worker_id, 'invitation', min(assigned_at)
FROM generate_series(%(first)s, %(last)s) AS n JOIN tasks ON id = pg_temp.made_id('task', n)
GROUP BY platform_id, worker_id
ON CONFLICT (worker_id, platform_id) WHERE ended_at IS NULL DO NOTHING;

INSERT INTO streams (id, created_at, updated_at, task_id, worker_id, platform_id, worker_account_id, escrow_account_id,
    shard, total_amount, released_amount, sequence, start_at, end_at, duration_seconds, first_total,
    first_duration_seconds, last_act_at, release_interval, next_release_at, status, paused_for, release_failures, contract_address, contract_stream_id, metadata)
SELECT pg_temp.made_id('stream', n), t.started_at, t.started_at, t.id, t.worker_id, t.platform_id, available.id, escrow.id,
    get_byte(uuid_send(t.worker_id), 15) %% %(shards)s, t.amount, 0, 0, t.started_at,
    t.started_at + make_interval(secs => t.duration_seconds), t.duration_seconds, t.amount, t.duration_seconds,
    t.started_at, t.release_interval,
    t.started_at + make_interval(secs => t.release_interval), 'active', '0', 0, '', '', '{}'
FROM generate_series(%(first)s, %(last)s) AS n
JOIN tasks t ON t.id = pg_temp.made_id('task', n)
JOIN accounts available ON available.worker_id = t.worker_id AND available.name = 'available'
JOIN accounts escrow ON escrow.platform_id = t.platform_id AND escrow.name = 'escrow'
ORDER BY n;

-- One deposit per platform for all of them, and a hold for each.
WITH held AS (
    SELECT id, platform_id, amount * 1.02 AS amount
    FROM generate_series(%(first)s, %(last)s) AS n JOIN tasks ON id = pg_temp.made_id('task', n)
),
deposited AS (
    INSERT INTO transactions (id, created_at, updated_at, type, status, amount, fee, platform_id, from_wallet,
        to_wallet, tx_hash, confirmations, idempotency_key, retry_count, error_message, metadata, confirmed_at)
    SELECT gen_random_uuid(), %(start_at)s, %(start_at)s, 'deposit', 'confirmed', sum(amount), 0, platform_id, '', '',
        '0x' || md5('deposit' || platform_id || %(first)s), 0, 'deposit:' || platform_id || ':' || %(first)s, 0, '',
        '{}', %(start_at)s
    FROM held GROUP BY platform_id RETURNING id, platform_id, amount
),
entries AS (
    INSERT INTO ledger_entries (created_at, kind, debit_account_id, credit_account_id, amount, idempotency_key,
        transaction_id, subject_kind, subject_id)
    SELECT %(start_at)s::timestamptz, 'deposit', outside.id, available.id, amount,
           'deposit:' || d.platform_id || ':' || %(first)s, d.id, NULL::smallint, NULL::uuid
    FROM deposited d JOIN accounts available ON available.platform_id = d.platform_id AND available.name = 'available'
    CROSS JOIN (SELECT id FROM accounts WHERE name = 'outside') AS outside
    UNION ALL
    SELECT %(start_at)s::timestamptz, 'hold', available.id, escrow.id, h.amount,
           'hold:task:' || h.id || ':1', NULL, 1, h.id
    FROM held h JOIN accounts available ON available.platform_id = h.platform_id AND available.name = 'available'
    JOIN accounts escrow ON escrow.platform_id = h.platform_id AND escrow.name = 'escrow'
    RETURNING kind, debit_account_id, credit_account_id, amount
),
moved AS (
    SELECT id, sum(change) AS change
    FROM (SELECT credit_account_id AS id, amount AS change FROM entries
          UNION ALL SELECT debit_account_id, -amount FROM entries) AS both_sides
    GROUP BY id HAVING sum(change) <> 0
)
UPDATE accounts a
SET balance = a.balance + m.change,
    negative_since = CASE WHEN a.balance + m.change < 0 THEN %(start_at)s::timestamptz END
FROM moved m WHERE a.id = m.id;
