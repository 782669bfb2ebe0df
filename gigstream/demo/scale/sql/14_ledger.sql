-- The entries, numbered in the order of time: holds, pay, and those of each transaction. A
-- repayment names the entry of the earning that it was withheld from.
INSERT INTO ledger_entries (id, created_at, kind, debit_account_id, credit_account_id, amount, subject_kind, subject_id,
    sequence, idempotency_key, transaction_id, withheld_from_id)
WITH house AS (
    SELECT max(id) FILTER (WHERE name = 'outside') AS outside, max(id) FILTER (WHERE name = 'fees') AS fees,
           max(id) FILTER (WHERE name = 'rewards') AS rewards, max(id) FILTER (WHERE name = 'losses') AS losses
    FROM accounts WHERE worker_id IS NULL AND platform_id IS NULL
),
-- `task` and `number` name the earning, of which a repayment took a part.
entries AS (
    SELECT assigned_at AS at, 1 AS step, 'hold' AS kind, pl.available AS debit, pl.escrow AS credit, held AS amount,
           %(task_kind)s::smallint AS subject_kind, p.id AS subject_id, NULL::integer AS sequence,
           'hold:task:' || p.id || ':1' AS key, NULL::uuid AS transaction_id, NULL::bigint AS task, NULL::integer AS number
    FROM plan p JOIN cast_platforms pl ON pl.n = platform WHERE assigned_at IS NOT NULL
    UNION ALL
    SELECT at, 1, 'hold', pl.available, pl.escrow, held, %(quest_kind)s, q.id, NULL, 'hold:quest_funding:' || funding_id, NULL,
           NULL, NULL
    FROM quest_budgets b JOIN cast_quests q ON q.n = b.quest JOIN cast_platforms pl ON pl.n = b.platform
    UNION ALL
    SELECT at, 2, 'release', pl.escrow, w.available, pay.amount, %(stream_kind)s, pg_temp.row_id(4, p.n, started_at), number,
           NULL, NULL, task, number
    FROM pay JOIN plan p ON p.n = task JOIN cast_platforms pl ON pl.n = platform JOIN cast_workers w ON w.n = pay.worker
    WHERE type = 'time_based'
    UNION ALL
    SELECT at, 2, 'earning', pl.escrow, w.available, pay.amount, %(task_kind)s, p.id, NULL,
           'earning:task:' || p.id || CASE WHEN type = 'milestone' THEN ':' || number ELSE '' END, NULL, task, number
    FROM pay JOIN plan p ON p.n = task JOIN cast_platforms pl ON pl.n = platform JOIN cast_workers w ON w.n = pay.worker
    WHERE type <> 'time_based'
    UNION ALL
    SELECT t.created_at, CASE WHEN type = 'reward' AND quest_id IS NOT NULL THEN 2 ELSE 3 END, type,
           CASE type WHEN 'deposit' THEN outside WHEN 'reward' THEN coalesce(pl.escrow, rewards) ELSE escrow END,
           CASE type WHEN 'fee' THEN fees WHEN 'reward' THEN w.available ELSE pl.available END,
           amount, CASE WHEN task_id IS NOT NULL THEN %(task_kind)s ELSE t.subject_kind END, coalesce(task_id, t.subject_id),
           NULL, idempotency_key, t.id, NULL, NULL
    FROM transactions t CROSS JOIN house LEFT JOIN cast_platforms pl ON pl.id = platform_id
    LEFT JOIN cast_workers w ON w.id = worker_id
    WHERE type IN ('deposit', 'fee', 'refund', 'reward')
    UNION ALL
    SELECT t.created_at, 3, type, w.available, w.debt, t.amount, %(loan_kind)s, loan_id, NULL, idempotency_key, t.id, r.task,
           r.number
    FROM repayments r JOIN transactions t ON t.id = pg_temp.row_id(11, r.task * 16 + r.number, r.at)
    JOIN cast_workers w ON w.id = worker_id
    UNION ALL
    SELECT disbursed_at, step, kind, w.debt, credit, part, %(loan_kind)s, l.id, NULL, kind || ':' || l.id, NULL, NULL, NULL
    FROM loans l JOIN cast_workers w ON w.id = worker_id CROSS JOIN house,
    LATERAL (VALUES (4, 'advance', w.available, l.amount), (5, 'loan_fee', fees, l.fee)) AS v (step, kind, credit, part)
    WHERE disbursed_at IS NOT NULL AND part > 0
    UNION ALL
    SELECT at, 4, 'write_off', losses, w.debt, amount_written_off, %(loan_kind)s, l.id, NULL, 'write_off:' || l.id, NULL, NULL,
           NULL
    FROM write_offs o JOIN loans l ON l.id = loan JOIN cast_workers w ON w.n = o.worker CROSS JOIN house
    UNION ALL
    SELECT t.created_at, 6, 'payout_hold', w.available, w.in_transit, amount,
           CASE WHEN loan_id IS NOT NULL THEN %(loan_kind)s END, loan_id, NULL, 'payout_hold:' || idempotency_key, t.id, NULL,
           NULL
    FROM transactions t JOIN cast_workers w ON w.id = worker_id WHERE type IN ('payout', 'advance')
    UNION ALL
    SELECT coalesce(confirmed_at, ended_at), 7, CASE status WHEN 'confirmed' THEN 'payout_settled' ELSE 'payout_void' END,
           w.in_transit, CASE status WHEN 'confirmed' THEN outside ELSE w.available END, amount,
           CASE WHEN loan_id IS NOT NULL THEN %(loan_kind)s END, loan_id, NULL, 'payout_end:' || idempotency_key, t.id, NULL,
           NULL
    FROM transactions t JOIN cast_workers w ON w.id = worker_id CROSS JOIN house
    WHERE type IN ('payout', 'advance') AND status IN ('confirmed', 'failed', 'cancelled')
),
numbered AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('ledger_entries', 'id')) AS id, sorted.*
    FROM (SELECT * FROM entries ORDER BY at, step, key, subject_id, sequence) sorted
),
earned AS MATERIALIZED (
    SELECT n.id, n.task, n.number FROM numbered n JOIN repayments r ON r.task = n.task AND r.number = n.number
    WHERE n.kind <> 'repayment'
)
SELECT n.id, n.at, n.kind, n.debit, n.credit, n.amount, n.subject_kind, n.subject_id, n.sequence, n.key, n.transaction_id,
       earned.id
FROM numbered n
LEFT JOIN earned ON n.kind = 'repayment' AND earned.task = n.task AND earned.number = n.number
ORDER BY n.id;
