-- Store for each debit its part of the pay of each task and of each platform, from the parts that it covers, where that
-- is missing. Then update the tasks.
CREATE TEMP TABLE covering_tasks AS
WITH parts AS (
    SELECT c.entry_id, n.entry_id AS part_id, n.net,
           CASE WHEN c.first_part_id = c.last_part_id THEN c.amount ELSE n.net END AS amount
    FROM covered_parts c
    CROSS JOIN LATERAL net_parts(c.account_id, c.first_part_id, c.last_part_id, c.entry_id) n
)
SELECT h.created_at, h.id AS entry_id, CASE WHEN h.kind = 'payout_hold' THEN h.transaction_id END AS payout_id,
       t.id AS task_id, sum(p.amount) AS amount,
       sum(div(e.amount * p.amount * 1000000, p.net) * 0.000001) AS pay
FROM parts p
JOIN ledger_entries h ON h.id = p.entry_id
JOIN ledger_entries e ON e.id = p.part_id
LEFT JOIN streams s ON s.id = e.subject_id
JOIN tasks t ON t.id = coalesce(s.task_id, e.subject_id)
WHERE NOT EXISTS (SELECT FROM covered_tasks c WHERE c.entry_id = p.entry_id)
GROUP BY h.id, t.id;

INSERT INTO covered_tasks (created_at, entry_id, payout_id, task_id, amount, pay)
SELECT created_at, entry_id, payout_id, task_id, amount, pay FROM covering_tasks ORDER BY entry_id, task_id;

INSERT INTO platform_payouts (created_at, payout_id, platform_id, amount, task_count)
SELECT min(c.created_at), c.payout_id, t.platform_id, sum(c.pay), count(*)
FROM covering_tasks c JOIN tasks t ON t.id = c.task_id
WHERE c.payout_id IS NOT NULL
GROUP BY c.payout_id, t.platform_id
ORDER BY 1, c.payout_id, t.platform_id;

UPDATE tasks t SET payout_status = p.payout_status, paid_out_at = p.paid_out_at
FROM task_payouts(ARRAY(SELECT DISTINCT task_id FROM covering_tasks)) p
WHERE t.id = p.task_id AND (t.payout_status, t.paid_out_at) IS DISTINCT FROM (p.payout_status, p.paid_out_at);

DROP TABLE covering_tasks;
