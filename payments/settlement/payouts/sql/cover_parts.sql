-- Cover debits of workers' available accounts, which are locked, a single debit of each: every debit takes the oldest
-- parts that no open hold keeps, and an advance takes its own part (`parts`, by debit; null for the oldest). A run of
-- parts that are taken whole is a single row. The pay of each task that a debit took is written as well, and for payouts
-- the pay of each platform's tasks. Returns the amount of each debit that was found, and the tasks whose pay was taken by
-- debits other than payouts.
WITH debits AS (
    SELECT debit.*, h.created_at, CASE WHEN h.kind = 'payout_hold' THEN h.transaction_id END AS payout_id
    FROM unnest(%(accounts)s::bigint[], %(entries)s::bigint[], %(amounts)s::numeric[], %(parts)s::bigint[])
        AS debit(account_id, entry_id, amount, own_part)
    JOIN ledger_entries h ON h.id = debit.entry_id
),
parts AS MATERIALIZED (
    SELECT p.*, greatest(p.uncovered - p.held, 0) AS free,
           row_number() OVER (PARTITION BY p.account_id ORDER BY p.entry_id) AS number
    FROM open_parts(%(accounts)s::bigint[]) p
),
line AS (
    SELECT p.account_id, p.entry_id AS part_id, p.number, p.net, p.free, d.entry_id, d.amount,
           sum(p.free) OVER (PARTITION BY p.account_id ORDER BY p.entry_id) AS upto
    FROM parts p JOIN debits d ON d.account_id = p.account_id AND coalesce(d.own_part, p.entry_id) = p.entry_id
),
taken AS (
    SELECT l.account_id, l.part_id, l.number, l.entry_id, least(l.free, l.amount - l.upto + l.free) AS amount,
           least(l.free, l.amount - l.upto + l.free) = l.net AS whole, l.net
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
),
-- LATERAL and LIMIT make the planner look each part up by its number, also if its estimate of their count is wrong. Of a
-- part that is not taken whole the pay is in proportion, rounded down.
pay AS (
    SELECT t.entry_id, part.task_id, sum(t.amount) AS amount,
           sum(div(part.amount * t.amount * 1000000, t.net) * 0.000001) AS pay
    FROM taken t
    CROSS JOIN LATERAL (
        SELECT task_of_entry(e.subject_kind, e.subject_id) AS task_id, e.amount
        FROM ledger_entries e
        WHERE e.id = t.part_id LIMIT 1
    ) part
    WHERE part.task_id IS NOT NULL
    GROUP BY t.entry_id, part.task_id
),
of_tasks AS (
    INSERT INTO covered_tasks (created_at, entry_id, payout_id, task_id, amount, pay)
    SELECT d.created_at, d.entry_id, d.payout_id, p.task_id, p.amount, p.pay
    FROM pay p JOIN debits d ON d.entry_id = p.entry_id
    ORDER BY d.entry_id, p.task_id
),
of_platforms AS (
    INSERT INTO platform_payouts (created_at, payout_id, platform_id, amount, task_count)
    SELECT d.created_at, d.payout_id, t.platform_id, sum(p.pay), count(*)
    FROM pay p JOIN debits d ON d.entry_id = p.entry_id JOIN tasks t ON t.id = p.task_id
    WHERE d.payout_id IS NOT NULL
    GROUP BY d.created_at, d.payout_id, t.platform_id
    ORDER BY d.payout_id, t.platform_id
)
SELECT d.account_id, d.entry_id, d.amount, coalesce(sum(r.amount), 0) AS found,
       CASE WHEN d.payout_id IS NULL THEN ARRAY(SELECT p.task_id FROM pay p WHERE p.entry_id = d.entry_id)
            ELSE '{}' END AS other_tasks
FROM debits d LEFT JOIN runs r USING (account_id, entry_id)
GROUP BY d.account_id, d.entry_id, d.amount, d.payout_id
