-- Ties as of accounts in a quarter of a year: thirty network addresses that twenty have each, a device for every other
-- account, one that two have for every fourth, of whom half live behind one address, a payout address that ten in a row
-- have, and chains of a thousand accounts by uploads.
INSERT INTO worker_ties (worker_id, kind, key_hash, first_seen_at, last_seen_at)
SELECT pg_temp.made_id('worker', 1 + n), kind, encode(sha256(convert_to(kind || key, 'UTF8')), 'hex'), money_clock(), money_clock()
FROM (
    SELECT n, 'network' AS kind, round || ' ' || (n * (2 * round + 1)) %% (%(workers)s / 20) AS key
    FROM generate_series(0, %(workers)s - 1) AS n, generate_series(1, 30) AS round
    UNION ALL
    SELECT n, 'device', n::text FROM generate_series(0, %(workers)s - 1, 2) AS n
    UNION ALL
    SELECT n, 'device', 'shared ' || n / 8 FROM generate_series(0, %(workers)s - 1) AS n WHERE n %% 8 < 2
    UNION ALL
    SELECT n, 'network', 'home ' || n / 8 FROM generate_series(0, %(workers)s - 1) AS n WHERE n %% 16 < 2
    UNION ALL
    SELECT n, 'payout_address', (n / 10)::text FROM generate_series(0, %(workers)s / 10 - 1) AS n
    UNION ALL
    SELECT n, 'upload', (n + step) / 2 || ' ' || step
    FROM generate_series(%(workers)s / 2, %(workers)s * 6 / 10 - 1) AS n, generate_series(0, 1) AS step
    WHERE step = 0 OR n %% 1000 NOT IN (0, 999)
) AS ties
ON CONFLICT DO NOTHING
