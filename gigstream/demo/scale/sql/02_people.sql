-- Workers and platforms: six workers in ten registered before the year began, the others during it.
INSERT INTO workers (id, created_at, updated_at, email, full_name, password_hash, wallet_id, wallet_address,
    email_proved_at, wallet_proved_at, status, metadata, reputation_score, total_tasks, total_earned, completion_rate, dispute_rate, account_age_days)
SELECT pg_temp.row_id(1, n, joined_at), joined_at, joined_at, 'worker' || n || '@example.com', 'Worker ' || n, '', '',
       '0x' || lpad(to_hex((1::bigint << 32) + n), 40, '0'), joined_at, joined_at, 'active', '{}', %(starting_score)s, 0, 0, 0, 0, 0
FROM generate_series(0, %(workers)s - 1) AS n,
     LATERAL (SELECT (n - 0.6 * %(workers)s) / (0.4 * %(workers)s) AS lateness) AS l,
     LATERAL (SELECT %(start)s + lateness * CASE WHEN lateness < 0 THEN interval '90 days' ELSE interval '335 days' END
              AS joined_at) AS j;

INSERT INTO platforms (id, created_at, updated_at, name, contact_email, webhook_url, webhook_secret, wallet_id,
    wallet_address, is_active, fee_bps, metadata, total_payouts, total_tasks, active_workers, unique_workers)
SELECT pg_temp.row_id(2, n, joined_at), joined_at, joined_at, 'Platform ' || n, 'platform' || n || '@example.com', '', '',
       '', '0x' || lpad(to_hex((1::bigint << 40) + n), 40, '0'), true, 150 + 50 * pg_temp.dice(n, 10, 5), '{}',
       0, 0, 0, 0
FROM generate_series(0, %(platforms)s - 1) AS n,
     LATERAL (SELECT %(start)s - interval '150 days' + n * interval '1 day' AS joined_at) AS j;
