-- Book postings whose accounts are locked: an entry for each, and the balances of the accounts follow. Where a key
-- is booked already, an account would go below zero that may not, or would hold or owe more than can be
-- written down, nothing is booked, and the row says which entries are `known`, or which account is `short` or
-- `over`. `moved` are the accounts with their balances after it.
-- The entries have their numbers before they are written, so that one can name another of the same batch.
WITH posting AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('ledger_entries', 'id')) AS id, given.*
    FROM jsonb_to_recordset(%(postings)s) AS given(
        number int, kind text, debit bigint, credit bigint, amount numeric, key text, subject_kind smallint,
        subject_id uuid, sequence int, transaction_id uuid, source_id bigint, source_number int)
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
    INSERT INTO ledger_entries (id, kind, debit_account_id, credit_account_id, amount, idempotency_key, subject_kind,
        subject_id, sequence, transaction_id, withheld_from_id, created_at)
    SELECT p.id, p.kind, p.debit, p.credit, p.amount, p.key, p.subject_kind, p.subject_id, p.sequence,
        p.transaction_id, coalesce(p.source_id, source.id), %(now)s
    FROM posting p LEFT JOIN posting source ON source.number = p.source_number
    WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM short) AND NOT EXISTS (SELECT FROM over)
    RETURNING id
),
moved AS (
    UPDATE accounts a
    SET balance = a.balance + change.amount,
        -- Only a worker's available money has a schedule. `cover_parts.sql` says which of its parts debits take.
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
SELECT (SELECT json_agg(id ORDER BY number) FROM posting WHERE EXISTS (SELECT FROM booked)) AS booked,
       (SELECT json_agg(json_build_array(idempotency_key, id, kind, debit_account_id, credit_account_id, amount::text))
        FROM known) AS known,
       (SELECT json_agg(json_build_array(id, name, worker_id, platform_id, balance::text, amount::text)) FROM moved)
           AS moved,
       (SELECT json_build_array(name, balance::text, amount::text) FROM short ORDER BY id LIMIT 1) AS short,
       (SELECT json_build_array(name, balance::text, amount::text) FROM over ORDER BY id LIMIT 1) AS over
