-- The movements of a worker's accounts from %(start)s until before %(end)s, in order, with the opening balances on every
-- row, or alone where nothing moved. Each account's entries are found through the account only (OFFSET 0 keeps their time
-- out of the search, which would walk through everybody's); a release debits no worker, and only other entries have an
-- index by the account that they debit. Where there are many, the releases of a stream on a UTC day are a single line.
WITH moves AS (
    SELECT a.name, e.*
    FROM accounts a
    CROSS JOIN LATERAL (
        (SELECT c.id, c.created_at, c.kind, c.amount AS change, c.subject_kind, c.subject_id, c.transaction_id
         FROM ledger_entries c WHERE c.credit_account_id = a.id OFFSET 0)
        UNION ALL
        (SELECT d.id, d.created_at, d.kind, -d.amount, d.subject_kind, d.subject_id, d.transaction_id
         FROM ledger_entries d WHERE d.debit_account_id = a.id AND d.sequence IS NULL OFFSET 0)
    ) e
    WHERE a.worker_id = %(worker)s AND e.created_at < %(end)s
),
opening AS (
    SELECT coalesce(sum(change) FILTER (WHERE name = 'available'), 0) AS opening_available,
           coalesce(sum(change) FILTER (WHERE name = 'in_transit'), 0) AS opening_in_transit,
           coalesce(-sum(change) FILTER (WHERE name = 'loan'), 0) AS opening_owed
    FROM moves WHERE created_at < %(start)s
),
within AS (
    SELECT moves.*, count(*) OVER () > %(most)s AND kind = 'release' AS folded
    FROM moves WHERE created_at >= %(start)s
),
lines AS (
    SELECT max(id) AS id, max(created_at) AS at, min(kind) AS kind, count(DISTINCT id) AS entries,
           coalesce(sum(change) FILTER (WHERE name = 'available'), 0) AS available,
           coalesce(sum(change) FILTER (WHERE name = 'in_transit'), 0) AS in_transit,
           coalesce(-sum(change) FILTER (WHERE name = 'loan'), 0) AS owed,
           min(subject_kind) AS subject_kind, (array_agg(subject_id))[1] AS subject_id,
           (array_agg(transaction_id))[1] AS transaction_id
    FROM within
    GROUP BY CASE WHEN folded THEN subject_id::text || (created_at AT TIME ZONE 'UTC')::date ELSE id::text END
)
SELECT opening.*, l.id, l.at, l.kind, l.entries, l.available, l.in_transit, l.owed, l.subject_kind,
       l.subject_id, l.transaction_id, t.id AS task_id, t.title, p.name AS platform, x.type AS transfer, x.tx_hash
FROM opening
LEFT JOIN lines l ON true
LEFT JOIN tasks t ON t.id = task_of_entry(l.subject_kind, l.subject_id)
LEFT JOIN platforms p ON p.id = t.platform_id
LEFT JOIN transactions x ON x.id = l.transaction_id
ORDER BY l.at, l.id
