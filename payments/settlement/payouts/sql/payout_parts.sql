-- The parts that a payout covers, or would have covered had it not failed, the oldest first: at most %(most)s of them,
-- with their number in all. Reads the runs of this payout and the entries inside them, nothing before and after.
WITH runs AS MATERIALIZED (
    SELECT c.account_id, c.entry_id, c.first_part_id, c.last_part_id, c.amount
    FROM ledger_entries h JOIN covered_parts c ON c.entry_id = h.id
    WHERE h.transaction_id = %(payout)s AND h.kind = 'payout_hold'
)
SELECT p.entry_id, p.amount, count(*) OVER () AS total
FROM (
    SELECT r.first_part_id AS entry_id, r.amount FROM runs r WHERE r.first_part_id = r.last_part_id
    UNION ALL
    SELECT n.entry_id, n.net
    FROM runs r CROSS JOIN LATERAL net_parts(r.account_id, r.first_part_id, r.last_part_id, r.entry_id) n
    WHERE r.first_part_id < r.last_part_id
) p
ORDER BY p.entry_id
LIMIT %(most)s
