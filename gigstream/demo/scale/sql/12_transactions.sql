-- All transactions in the order of time: deposits, fees, refunds, welcome rewards, repayments, transfers to wallets.
INSERT INTO transactions (id, created_at, updated_at, type, status, amount, fee, worker_id, platform_id, task_id, stream_id,
    loan_id, from_wallet, to_wallet, tx_hash, block_number, confirmations, circle_tx_id, idempotency_key, retry_count,
    next_attempt_at, error_message, submitted_at, confirmed_at, ended_at, metadata)
WITH funded AS (
    -- Each platform begins with a reserve, and deposits each week the holds of that week's tasks.
    SELECT platform, min(joined_at) AS at, 20000::numeric AS amount, 0 AS week
    FROM plan JOIN cast_platforms p ON p.n = platform GROUP BY platform
    UNION ALL
    SELECT platform, week_at, ceil(sum(held) / 100) * 100, 1 + extract(epoch FROM week_at - %(start)s)::integer / 604800
    FROM plan, LATERAL (SELECT date_bin(interval '7 days', assigned_at, %(start)s) AS week_at) AS w
    WHERE assigned_at IS NOT NULL GROUP BY platform, week_at
    UNION ALL
    SELECT platform, at - interval '1 hour', ceil(held / 100) * 100, 999 FROM quest_budgets
),
moved AS (
    SELECT pg_temp.row_id(7, platform * 1000 + week, f.at) AS id, f.at, 'deposit' AS type, 'confirmed' AS status, amount,
           NULL::uuid AS worker_id, p.id AS platform_id, NULL::uuid AS task_id, NULL::uuid AS stream_id, NULL::uuid AS loan_id,
           wallet_address AS to_wallet, 'deposit:' || pg_temp.chain_hash('deposit ' || platform || ' ' || week) AS key
    FROM funded f JOIN cast_platforms p ON p.n = platform
    UNION ALL
    -- The fee of a milestone before the last is the growth of the fee on all pay so far.
    SELECT pg_temp.row_id(8, task * 8 + number, at), at, 'fee', 'confirmed', grown, NULL, pl.id, p.id, NULL, NULL, '',
           'fee:task:' || p.id || ':' || number
    FROM (SELECT task, number, at, amount, sum(amount) OVER (PARTITION BY task ORDER BY number) AS upto
          FROM pay WHERE charged) AS s
    JOIN plan p ON p.n = task JOIN cast_platforms pl ON pl.n = platform,
    LATERAL (SELECT pg_temp.share(upto, p.fee_bps) - pg_temp.share(upto - s.amount, p.fee_bps) AS grown) AS g
    WHERE grown > 0
    UNION ALL
    SELECT pg_temp.row_id(kind, p.n * 8, closed_at), closed_at, type_, 'confirmed', part, NULL, pl.id, p.id,
           CASE WHEN type = 'time_based' AND started_at IS NOT NULL THEN pg_temp.row_id(4, p.n, started_at) END, NULL, '',
           type_ || ':task:' || p.id || CASE type_ WHEN 'refund' THEN ':1' ELSE '' END
    FROM plan p JOIN cast_platforms pl ON pl.n = platform JOIN paid ON paid.task = p.n,
    LATERAL (SELECT pg_temp.share(paid.amount, p.fee_bps) AS fee) AS f,
    LATERAL (VALUES (8, 'fee', fee - pg_temp.share(charged, p.fee_bps)), (9, 'refund', held - paid.amount - fee))
        AS v (kind, type_, part)
    WHERE closed_at IS NOT NULL AND assigned_at IS NOT NULL AND part > 0
    UNION ALL
    SELECT pg_temp.row_id(10, n, at), at, 'reward', 'confirmed', %(welcome)s, id, NULL, NULL, NULL, NULL, '',
           'reward:welcome:' || id
    FROM cast_workers, LATERAL (SELECT joined_at + interval '1 hour' AS at) AS r
    UNION ALL
    -- Keyed like those of `loans.repayment.services`: by the loan and the earning.
    SELECT pg_temp.row_id(11, r.task * 16 + r.number, r.at), r.at, 'repayment', 'confirmed', r.amount, w.id, NULL, NULL, NULL,
           loan, '', 'repayment:' || loan || ':' || CASE p.type
               WHEN 'time_based' THEN 'stream:' || pg_temp.row_id(4, p.n, started_at) || ':' || r.number
               WHEN 'milestone' THEN 'earning:task:' || p.id || ':' || r.number
               ELSE 'earning:task:' || p.id END
    FROM repayments r JOIN plan p ON p.n = task JOIN cast_workers w ON w.n = r.worker
    UNION ALL
    SELECT pg_temp.row_id(12, o.worker * 100000::bigint + number, at), at, CASE WHEN loan IS NULL THEN 'payout' ELSE 'advance' END,
           status, amount, w.id, NULL, NULL, NULL, loan, wallet_address, 'payout:' || w.id || ':' || number
    FROM outgoing o JOIN cast_workers w ON w.n = o.worker
)
SELECT id, at, coalesce(CASE WHEN leaves THEN ended_at END, at), type, status, amount, 0, worker_id, platform_id, task_id,
       stream_id, loan_id, '', to_wallet,
       CASE WHEN type = 'deposit' THEN substr(key, 9) WHEN leaves AND status = 'confirmed' THEN pg_temp.chain_hash(key) END,
       CASE WHEN type = 'deposit' OR (leaves AND status = 'confirmed') THEN extract(epoch FROM ended_at)::bigint / 2 END,
       CASE WHEN leaves AND status = 'confirmed' THEN 3 ELSE 0 END,
       CASE WHEN leaves AND status IN ('confirmed', 'failed') THEN pg_temp.row_id(13, 0, at) || '-' || right(key, 20) END,
       key, CASE WHEN leaves AND status IN ('confirmed', 'failed') THEN 1 ELSE 0 END,
       -- Every second pending transfer may be submitted at once, the others from now on.
       CASE WHEN status = 'pending' THEN CASE WHEN pg_temp.dice(hashtext(key), 124, 2) = 0 THEN at ELSE %(now)s END END,
       CASE WHEN status = 'failed' THEN 'the chain refused it' WHEN status = 'cancelled' THEN 'the worker thought better of it'
            ELSE '' END,
       CASE WHEN leaves AND status IN ('confirmed', 'failed') THEN at + interval '5 seconds' END,
       CASE WHEN status = 'confirmed' THEN ended_at END, CASE WHEN status IN ('failed', 'cancelled') THEN ended_at END, '{}'
FROM moved, LATERAL (SELECT type IN ('payout', 'advance') AS leaves,
                            at + CASE WHEN type IN ('payout', 'advance') THEN interval '20 seconds' ELSE interval '0' END
                            AS ended_at) AS e
ORDER BY at, key;
