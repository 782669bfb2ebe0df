-- Events of quests, with what belongs to them. Each tenth is a payout, of which every other waits to leave; the others are
-- points. Balances and points are left out: these rows are only read.
INSERT INTO quests (id, updated_at, platform_id, slug, title, instructions, kind, network, is_claimable, reward_kind,
    reward_amount, fee_bps, period, places_taken, budget, granted, reserved, cooldown_seconds, min_tier,
    min_account_age_days, countries, status, opened_at, metadata)
SELECT pg_temp.made_id('quest', n), money_clock(), pg_temp.made_id('platform', n), 'quest-' || n, 'Quest ' || n, '',
    'custom', '', true, CASE n %% 10 WHEN 0 THEN 'payout' ELSE 'points' END, 1, 0, 'daily', 0, 1000000000, 0, 0, 0, '', 0, '{}',
    'open', money_clock(), '{}'
FROM generate_series(1, 10) AS n;

INSERT INTO ledger_entries (kind, debit_account_id, credit_account_id, amount, idempotency_key, created_at)
SELECT 'reward', house.id, a.id, 1, 'reward:quest_event:' || n, money_clock()
FROM generate_series(10, %(events)s, 10) AS n
JOIN accounts a ON a.worker_id = pg_temp.made_id('worker', 1 + n / 10 %% %(workers)s) AND a.name = 'available'
CROSS JOIN (SELECT id FROM accounts WHERE name = 'outside') house;

CREATE TEMPORARY TABLE fact AS
SELECT n, pg_temp.made_id('quest', CASE n %% 10 WHEN 0 THEN 10 ELSE n %% 10 END) AS quest_id,
    pg_temp.made_id('worker', 1 + n / 10 %% %(workers)s) AS worker_id,
    money_clock() - interval '1 year' * (1 - n::float / %(events)s) AS at, n %% 10 = 0 AS pays,
    CASE WHEN n %% 10 <> 0 AND n > %(events)s - 100 THEN 'received' WHEN n %% 20 = 0 THEN 'settled' ELSE 'granted' END
        AS status
FROM generate_series(1, %(events)s) AS n;

INSERT INTO quest_events (created_at, quest_id, worker_id, event_type, external_id, event_date, occurred_at, evidence,
    reward_kind, amount, status, hold_reason, hold_evidence, entry_id, granted_at, settled_at, code, message, numbers)
SELECT f.at, f.quest_id, f.worker_id, 'done', f.worker_id || ':' || f.n, f.at::date, f.at, '{}',
    CASE WHEN f.pays THEN 'payout' ELSE 'points' END, 1, f.status, '', '{}', e.id,
    CASE WHEN f.status <> 'received' THEN f.at END, CASE WHEN f.status = 'settled' THEN f.at END, '', '', '{}'
FROM fact f LEFT JOIN ledger_entries e ON f.pays AND e.idempotency_key = 'reward:quest_event:' || f.n
ORDER BY f.n;

INSERT INTO check_ins (created_at, worker_id, local_date, claimed_at, streak_started_on, streak_days)
SELECT money_clock(), pg_temp.made_id('worker', n), day, money_clock(), current_date - 99, 1 + (day::date - (current_date - 99))
FROM generate_series(1, %(workers)s) AS n, generate_series(current_date - 99, current_date, '1 day') AS day;

INSERT INTO streak_zones (created_at, worker_id, time_zone, first_date)
SELECT money_clock(), pg_temp.made_id('worker', n), 'UTC', current_date - 99 FROM generate_series(1, %(workers)s) AS n;

UPDATE workers SET email_proved_at = money_clock();

INSERT INTO chain_identities (id, worker_id, chain, address)
SELECT pg_temp.made_id('identity', n), pg_temp.made_id('worker', n), 'eip155:1', '0x' || md5('a' || n) || substr(md5('b' || n), 1, 8)
FROM generate_series(1, %(workers)s) AS n;

INSERT INTO social_accounts (id, worker_id, network, network_user_id, username, verified_at)
SELECT pg_temp.made_id('social', n), pg_temp.made_id('worker', n), 'x', md5('x' || n), 'user' || n, money_clock()
FROM generate_series(1, %(workers)s) AS n;
