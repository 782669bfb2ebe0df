-- Entries of a worker's available account before an entry, the newest first, those of transactions left out: a stream's
-- releases are added up by day, every other entry stands alone. What was taken is below zero. Reads at most %(most)s
-- entries of each of the account's two indexes.
WITH account AS MATERIALIZED (
    SELECT a.id FROM accounts a WHERE a.worker_id = %(worker)s AND a.name = 'available'
), chunk AS MATERIALIZED (
    (
        SELECT e.id, e.created_at, e.kind, e.amount, e.subject_kind, e.subject_id, e.sequence
        FROM ledger_entries e
        WHERE e.credit_account_id = (SELECT id FROM account) AND e.transaction_id IS NULL AND e.id < %(before)s
        ORDER BY e.id DESC
        LIMIT %(most)s
    )
    UNION ALL
    (
        SELECT e.id, e.created_at, e.kind, - e.amount, e.subject_kind, e.subject_id, e.sequence
        FROM ledger_entries e
        WHERE e.debit_account_id = (SELECT id FROM account) AND e.sequence IS NULL AND e.transaction_id IS NULL
            AND e.id < %(before)s
        ORDER BY e.id DESC
        LIMIT %(most)s
    )
    ORDER BY id DESC
    LIMIT %(most)s
)
SELECT max(c.id) AS last_id, max(c.created_at) AS at, max(c.kind) AS kind, sum(c.amount) AS amount, count(*) AS number,
    max(c.subject_kind) AS subject_kind, c.subject_id, min(c.sequence) AS first_release, max(c.sequence) AS last_release,
    min(min(c.id)) OVER () AS chunk_first, sum(count(*)) OVER () AS chunk_size
FROM chunk c
GROUP BY CASE WHEN c.sequence IS NULL THEN c.id END, c.subject_id, (c.created_at AT TIME ZONE 'UTC')::date
ORDER BY max(c.id) DESC
