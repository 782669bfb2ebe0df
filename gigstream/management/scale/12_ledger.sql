-- The entries of it all, numbered in the order of time: what is held, what is paid, and each transaction's own.
INSERT INTO ledger_entries (created_at, kind, debit_account_id, credit_account_id, amount, stream_id, sequence,
    idempotency_key, task_id, transaction_id, loan_id)
WITH house AS (
    SELECT max(id) FILTER (WHERE name = 'world') AS world, max(id) FILTER (WHERE name = 'fees') AS fees,
           max(id) FILTER (WHERE name = 'rewards') AS rewards, max(id) FILTER (WHERE name = 'losses') AS losses
    FROM accounts WHERE worker_id IS NULL AND platform_id IS NULL
),
entries AS (
    SELECT assigned_at AS at, 1 AS step, 'hold' AS kind, pl.available AS debit, pl.escrow AS credit, held AS amount,
           NULL::uuid AS stream_id, NULL::integer AS sequence, 'hold:task:' || p.id || ':1' AS key, p.id AS task_id,
           NULL::uuid AS transaction_id, NULL::uuid AS loan_id
    FROM plan p JOIN cast_platforms pl ON pl.n = platform WHERE assigned_at IS NOT NULL
    UNION ALL
    SELECT at, 2, 'release', pl.escrow, w.available, pay.amount, pg_temp.row_id(4, p.n, started_at), number, NULL, NULL, NULL, NULL
    FROM pay JOIN plan p ON p.n = task JOIN cast_platforms pl ON pl.n = platform JOIN cast_workers w ON w.n = pay.worker
    WHERE type = 'time_based'
    UNION ALL
    SELECT at, 2, 'earning', pl.escrow, w.available, pay.amount, NULL, NULL,
           'earning:task:' || p.id || CASE WHEN type = 'milestone' THEN ':' || number ELSE '' END, p.id, NULL, NULL
    FROM pay JOIN plan p ON p.n = task JOIN cast_platforms pl ON pl.n = platform JOIN cast_workers w ON w.n = pay.worker
    WHERE type <> 'time_based'
    UNION ALL
    SELECT t.created_at, 3, type, CASE type WHEN 'deposit' THEN world WHEN 'reward' THEN rewards ELSE escrow END,
           CASE type WHEN 'fee' THEN fees WHEN 'reward' THEN w.available ELSE pl.available END,
           amount, NULL, NULL, idempotency_key, task_id, t.id, NULL
    FROM transactions t CROSS JOIN house LEFT JOIN cast_platforms pl ON pl.id = platform_id
    LEFT JOIN cast_workers w ON w.id = worker_id
    WHERE type IN ('deposit', 'fee', 'refund', 'reward')
    UNION ALL
    SELECT t.created_at, 3, type, w.available, w.debt, amount, NULL, NULL, idempotency_key, NULL, t.id, loan_id
    FROM transactions t JOIN cast_workers w ON w.id = worker_id WHERE type = 'repayment'
    UNION ALL
    SELECT disbursed_at, step, kind, w.debt, credit, part, NULL, NULL, kind || ':' || l.id, NULL, NULL, l.id
    FROM loans l JOIN cast_workers w ON w.id = worker_id CROSS JOIN house,
    LATERAL (VALUES (4, 'advance', w.available, l.amount), (5, 'loan_fee', fees, l.fee)) AS v (step, kind, credit, part)
    WHERE disbursed_at IS NOT NULL AND part > 0
    UNION ALL
    SELECT at, 4, 'write_off', losses, w.debt, amount_written_off, NULL, NULL, 'write_off:' || l.id, NULL, NULL, l.id
    FROM write_offs o JOIN loans l ON l.id = loan JOIN cast_workers w ON w.n = o.worker CROSS JOIN house
    UNION ALL
    SELECT t.created_at, 6, 'payout_hold', w.available, w.in_transit, amount, NULL, NULL, 'payout_hold:' || idempotency_key, NULL,
           t.id, loan_id
    FROM transactions t JOIN cast_workers w ON w.id = worker_id WHERE type IN ('payout', 'advance')
    UNION ALL
    SELECT coalesce(confirmed_at, ended_at), 7, CASE status WHEN 'confirmed' THEN 'payout_settled' ELSE 'payout_void' END,
           w.in_transit, CASE status WHEN 'confirmed' THEN world ELSE w.available END, amount, NULL, NULL,
           'payout_end:' || idempotency_key, NULL, t.id, loan_id
    FROM transactions t JOIN cast_workers w ON w.id = worker_id CROSS JOIN house
    WHERE type IN ('payout', 'advance') AND status IN ('confirmed', 'failed', 'cancelled')
)
SELECT at, kind, debit, credit, amount, stream_id, sequence, key, task_id, transaction_id, loan_id
FROM entries ORDER BY at, step, key, stream_id, sequence;
