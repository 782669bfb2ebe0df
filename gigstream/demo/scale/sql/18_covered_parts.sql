-- Store for each debit of a worker's available money the earnings that it covers, oldest first, where that is missing:
-- a failed or cancelled transfer covers none, a disbursed advance covers itself, and a withheld repayment reduces its
-- own earning. Then set the watermarks and the oldest parts.
CREATE TEMP TABLE covering AS
WITH available AS (
    SELECT a.id FROM accounts a
    WHERE a.worker_id IS NOT NULL AND a.name = 'available'
      AND NOT EXISTS (SELECT FROM covered_parts c WHERE c.account_id = a.id)
),
advances AS (
    SELECT t.loan_id FROM transactions t WHERE t.type = 'advance' AND t.status NOT IN ('failed', 'cancelled')
),
credits AS (
    SELECT a.id AS account_id, p.entry_id, p.created_at, p.net AS amount, e.subject_id
    FROM available a
    CROSS JOIN LATERAL net_parts(a.id, 0, 9223372036854775807, 9223372036854775807) p
    JOIN ledger_entries e ON e.id = p.entry_id
),
debits AS (
    SELECT a.id AS account_id, e.id AS entry_id, e.amount, t.type = 'advance' AS is_advance, e.subject_id
    FROM available a
    JOIN ledger_entries e ON e.debit_account_id = a.id AND e.sequence IS NULL
    LEFT JOIN transactions t ON t.id = e.transaction_id
    WHERE NOT (e.kind = 'payout_hold' AND t.status IN ('failed', 'cancelled'))
      AND e.withheld_from_id IS NULL
),
-- The ends of credits and of debits on the axis of cumulative amounts of each account.
points AS (
    SELECT account_id, sum(amount) OVER line AS upto, entry_id AS part_id, NULL::bigint AS debit_id, created_at, amount
    FROM credits WHERE subject_id IS NULL OR subject_id NOT IN (SELECT loan_id FROM advances)
    WINDOW line AS (PARTITION BY account_id ORDER BY entry_id)
    UNION ALL
    SELECT account_id, sum(amount) OVER line, NULL, entry_id, NULL, NULL
    FROM debits WHERE NOT is_advance
    WINDOW line AS (PARTITION BY account_id ORDER BY entry_id)
),
pieces AS (
    SELECT account_id, upto - coalesce(lag(upto) OVER line, 0) AS amount,
           min(part_id) OVER following AS part_id, min(debit_id) OVER following AS debit_id
    FROM (SELECT account_id, upto, min(part_id) AS part_id, min(debit_id) AS debit_id FROM points GROUP BY 1, 2) p
    WINDOW line AS (PARTITION BY account_id ORDER BY upto),
           following AS (PARTITION BY account_id ORDER BY upto ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
)
SELECT p.account_id, p.part_id, p.debit_id, p.amount, p.amount = c.amount AS whole, c.created_at
FROM pieces p JOIN credits c ON c.entry_id = p.part_id
UNION ALL
SELECT c.account_id, c.entry_id, d.entry_id, c.amount, false, c.created_at
FROM credits c JOIN debits d ON d.account_id = c.account_id AND d.is_advance AND d.subject_id = c.subject_id;

INSERT INTO covered_parts (entry_id, account_id, first_part_id, last_part_id, amount, given_back)
SELECT debit_id, account_id, min(part_id), max(part_id), sum(amount), false
FROM (SELECT c.*, row_number() OVER (PARTITION BY account_id ORDER BY part_id)
                  - row_number() OVER (PARTITION BY account_id, whole, debit_id ORDER BY part_id) AS run
      FROM covering c) c
WHERE debit_id IS NOT NULL
GROUP BY account_id, debit_id, CASE WHEN whole THEN -run ELSE part_id END;

UPDATE accounts a
SET parts_from = coalesce(p.open_from, p.last + 1), oldest_part_at = p.oldest_at
FROM (SELECT account_id, max(part_id) AS last, min(part_id) FILTER (WHERE debit_id IS NULL) AS open_from,
             min(created_at) FILTER (WHERE debit_id IS NULL) AS oldest_at
      FROM covering GROUP BY account_id) p
WHERE a.id = p.account_id;

DROP TABLE covering;
