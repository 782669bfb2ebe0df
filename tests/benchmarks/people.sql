-- Workers and platforms with their accounts, as the services would have made them. Ids are shaped like UUIDv7.
INSERT INTO workers (id, updated_at, email, full_name, password_hash, wallet_id, status, metadata, reputation_score,
    total_tasks, total_earned, completion_rate, dispute_rate, account_age_days, account_aged_on)
SELECT pg_temp.made_id('worker', n), money_clock(), 'worker' || n || '@example.com', 'Worker ' || n, '', '', 'active', '{}', 500,
    0, 0, 0, 0, 0, CURRENT_DATE
FROM generate_series(1, %(workers)s) AS n;

INSERT INTO platforms (id, updated_at, name, contact_email, webhook_url, webhook_secret, wallet_id, is_active, fee_bps,
    metadata, total_payouts, total_tasks, active_workers, unique_workers)
SELECT pg_temp.made_id('platform', n), money_clock(), 'Platform ' || n, 'contact@example.com', '', '', '', true, 200, '{}', 0, 0, 0, 0
FROM generate_series(1, %(platforms)s) AS n;

INSERT INTO accounts (id, name, worker_id, may_go_below_zero, balance, payout_count, payout_schedule)
SELECT nextval(pg_get_serial_sequence('accounts', 'id')), 'available', pg_temp.made_id('worker', n), false, 0, 0, 'standard'
FROM generate_series(1, %(workers)s) AS n;

INSERT INTO accounts (id, name, platform_id, may_go_below_zero, balance, payout_count)
SELECT nextval(pg_get_serial_sequence('accounts', 'id')) + kind.range * %(range)s, kind.name, pg_temp.made_id('platform', n),
    false, 0, 0
FROM generate_series(1, %(platforms)s) AS n, (VALUES ('available', 3), ('escrow', 4)) AS kind (name, range);

INSERT INTO accounts (id, name, may_go_below_zero, balance, payout_count)
SELECT nextval(pg_get_serial_sequence('accounts', 'id')) + 5 * %(range)s, name, name <> 'fees', 0, 0
FROM unnest(ARRAY['fees', 'outside']) AS name;
