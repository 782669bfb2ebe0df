-- Cover debits of workers' available accounts, which are locked, one of each: every debit takes the oldest parts that
-- no open hold keeps, and an advance takes itself (`parts`, by debit; null for the oldest). Runs of parts that are taken
-- whole are one row. Answers how much of each debit was found.
WITH asked AS (
    SELECT * FROM unnest(%(accounts)s::bigint[], %(entries)s::bigint[], %(amounts)s::numeric[], %(parts)s::bigint[])
        AS debit(account_id, entry_id, amount, own_part)
),
parts AS MATERIALIZED (
    SELECT p.*, greatest(p.uncovered - p.held, 0) AS free,
           row_number() OVER (PARTITION BY p.account_id ORDER BY p.entry_id) AS number
    FROM open_parts(%(accounts)s::bigint[]) p
),
line AS (
    SELECT p.account_id, p.entry_id AS part_id, p.number, p.net, p.free, d.entry_id, d.amount,
           sum(p.free) OVER (PARTITION BY p.account_id ORDER BY p.entry_id) AS upto
    FROM parts p JOIN asked d ON d.account_id = p.account_id AND coalesce(d.own_part, p.entry_id) = p.entry_id
),
taken AS (
    SELECT l.account_id, l.part_id, l.number, l.entry_id, least(l.free, l.amount - l.upto + l.free) AS amount,
           least(l.free, l.amount - l.upto + l.free) = l.net AS whole
    FROM line l WHERE l.free > 0 AND l.upto - l.free < l.amount
),
runs AS (
    SELECT account_id, entry_id, min(part_id) AS first_part_id, max(part_id) AS last_part_id, sum(amount) AS amount
    FROM (SELECT t.*, t.number - row_number() OVER (PARTITION BY account_id, whole ORDER BY part_id) AS run
          FROM taken t) t
    GROUP BY account_id, entry_id, whole, CASE WHEN whole THEN run ELSE part_id END
),
covered AS (
    INSERT INTO covered_parts (entry_id, account_id, first_part_id, last_part_id, amount, given_back)
    SELECT entry_id, account_id, first_part_id, last_part_id, amount, false FROM runs
)
SELECT d.account_id, d.entry_id, d.amount, coalesce(sum(r.amount), 0) AS found
FROM asked d LEFT JOIN runs r USING (account_id, entry_id)
GROUP BY d.account_id, d.entry_id, d.amount
