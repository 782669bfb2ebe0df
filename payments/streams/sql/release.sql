-- Release the amounts that the whole slots of the picked (and locked) streams have vested: entries, streams and the
-- workers' balances in one statement; the platforms' escrow balances follow last, from the sums returned.
WITH due AS MATERIALIZED (
    SELECT s.id, s.start_at, s.paused_for, s.total_amount, s.released_amount, s.duration_seconds,
           s.release_interval,
           stream_elapsed(s.start_at, s.paused_for, s.duration_seconds, %(now)s) AS elapsed
    FROM streams s WHERE s.id = ANY(%(stream_ids)s::uuid[])
),
pay AS MATERIALIZED (
    SELECT due.*, greatest(stream_due(total_amount, duration_seconds, release_interval, elapsed)
                           - released_amount, 0) AS amount
    FROM due
),
released AS (
    UPDATE streams s
    SET released_amount = s.released_amount + p.amount,
        sequence = s.sequence + (p.amount > 0)::int,
        next_release_at = CASE WHEN s.released_amount + p.amount < s.total_amount
            THEN stream_next_release(p.start_at, p.paused_for, p.duration_seconds, p.release_interval, p.elapsed)
            END,
        status = CASE WHEN s.released_amount + p.amount = s.total_amount THEN 'completed' ELSE s.status END,
        completed_at = CASE WHEN s.released_amount + p.amount = s.total_amount THEN least(%(now)s, s.end_at) END,
        last_act_at = greatest(s.last_act_at, %(now)s),
        release_failures = 0,
        updated_at = %(now)s
    FROM pay p WHERE s.id = p.id
    RETURNING s.id, s.sequence, s.platform_id, s.worker_account_id, s.escrow_account_id, p.amount
),
earned AS (
    SELECT worker_account_id AS id, sum(amount) AS amount FROM released WHERE amount > 0 GROUP BY 1
),
workers_locked AS MATERIALIZED (
    SELECT a.id, e.amount FROM accounts a JOIN earned e ON e.id = a.id ORDER BY a.id FOR NO KEY UPDATE OF a
),
-- No entry has its number before all accounts are locked: an account's entries are committed in their order, and
-- none is committed later below the account's watermark.
entries AS (
    INSERT INTO ledger_entries (kind, debit_account_id, credit_account_id, amount, subject_kind, subject_id, sequence,
        created_at)
    SELECT 'release', escrow_account_id, worker_account_id, amount, %(stream_kind)s, id, sequence, %(now)s
    FROM released WHERE amount > 0 AND (SELECT count(*) FROM workers_locked) > 0
),
credited AS (
    UPDATE accounts a
    SET balance = a.balance + l.amount, oldest_part_at = least(a.oldest_part_at, %(now)s)
    FROM workers_locked l WHERE a.id = l.id
)
SELECT platform_id, escrow_account_id, count(*) AS count, sum(amount) AS total,
       json_agg(json_build_array(id, sequence, amount::text))::text AS items
FROM released WHERE amount > 0
GROUP BY platform_id, escrow_account_id
ORDER BY platform_id
