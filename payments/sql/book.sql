-- Book postings whose accounts are locked: one entry each, and the balances of the accounts follow. Where a key
-- is booked already, an account would go below zero that may not, or one would hold or owe more than can be
-- written down, nothing is booked, and the answer says which entries are `known`, or which account is `short` or
-- `over`. `moved` are the accounts with their balances after it.
WITH asked AS (
    SELECT * FROM jsonb_to_recordset(%(postings)s) AS posting(
        kind text, debit bigint, credit bigint, amount numeric, key text, stream_id uuid, sequence int,
        task_id uuid, transaction_id uuid, loan_id uuid, work_event_id uuid)
),
changes AS (
    SELECT * FROM unnest(%(account_ids)s::bigint[], %(changes)s::numeric[]) AS change(account_id, amount)
),
known AS MATERIALIZED (
    SELECT e.id, e.idempotency_key, e.kind, e.debit_account_id, e.credit_account_id, e.amount
    FROM ledger_entries e WHERE e.idempotency_key = ANY(%(keys)s::text[])
),
short AS MATERIALIZED (
    SELECT a.id, a.name, a.balance, change.amount FROM changes change JOIN accounts a ON a.id = change.account_id
    WHERE change.amount < 0 AND NOT a.may_go_below_zero AND a.balance + change.amount < 0
),
over AS MATERIALIZED (
    SELECT a.id, a.name, a.balance, change.amount FROM changes change JOIN accounts a ON a.id = change.account_id
    WHERE abs(a.balance + change.amount) > %(largest)s
),
booked AS (
    INSERT INTO ledger_entries (kind, debit_account_id, credit_account_id, amount, idempotency_key, stream_id,
        sequence, task_id, transaction_id, loan_id, work_event_id, created_at)
    SELECT kind, debit, credit, amount, key, stream_id, sequence, task_id, transaction_id, loan_id, work_event_id,
        %(now)s
    FROM asked
    WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM short) AND NOT EXISTS (SELECT FROM over)
    RETURNING id, idempotency_key
),
moved AS (
    UPDATE accounts a
    SET balance = a.balance + change.amount,
        -- Only a worker's available money has a schedule. What debits take of its parts, `cover_parts.sql` says.
        oldest_part_at = CASE WHEN a.payout_schedule IS NOT NULL AND a.balance + change.amount > 0
            -- The least of both, for a clock that was set back.
            THEN CASE WHEN change.amount > 0 THEN least(a.oldest_part_at, %(now)s) ELSE a.oldest_part_at END END,
        pay_at_once = a.pay_at_once
            OR (a.id = ANY(%(paid_at_once)s::bigint[]) AND a.balance + change.amount >= %(payout_minimum)s::numeric),
        negative_since = CASE WHEN a.balance + change.amount < 0 THEN coalesce(a.negative_since, %(now)s) END
    FROM changes change
    WHERE a.id = change.account_id AND change.amount <> 0
      AND NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM short) AND NOT EXISTS (SELECT FROM over)
    RETURNING a.id, a.name, a.worker_id, a.platform_id, a.balance, change.amount
)
SELECT (SELECT json_object_agg(idempotency_key, id) FROM booked WHERE idempotency_key IS NOT NULL) AS booked,
       (SELECT json_agg(json_build_array(idempotency_key, id, kind, debit_account_id, credit_account_id, amount::text))
        FROM known) AS known,
       (SELECT json_agg(json_build_array(id, name, worker_id, platform_id, balance::text, amount::text)) FROM moved)
           AS moved,
       (SELECT json_build_array(name, balance::text, amount::text) FROM short ORDER BY id LIMIT 1) AS short,
       (SELECT json_build_array(name, balance::text, amount::text) FROM over ORDER BY id LIMIT 1) AS over
