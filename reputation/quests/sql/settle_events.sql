-- Settle granted payouts whose whole net amount has left: covered by confirmed payouts, or by debits that are no payout,
-- as early repayments. `workers` narrows to these workers, `first` and `last` to these ids; NULL for all.
WITH candidate AS MATERIALIZED (
    SELECT v.id, e.id AS entry_id, e.credit_account_id AS account_id,
           e.amount - coalesce((
               SELECT sum(r.amount) FROM ledger_entries r
               WHERE r.withheld_from_id = e.id AND r.debit_account_id = e.credit_account_id), 0) AS net
    FROM quest_events v JOIN ledger_entries e ON e.id = v.entry_id
    WHERE v.status = 'granted' AND v.reward_kind = 'payout'
      AND (%(workers)s::uuid[] IS NULL OR v.worker_id = ANY(%(workers)s::uuid[]))
      AND (%(first)s::bigint IS NULL OR v.id BETWEEN %(first)s::bigint AND %(last)s::bigint)
),
covered AS (
    SELECT c.id, c.net, bool_and(h.kind <> 'payout_hold' OR t.status = 'confirmed') AS has_left,
           sum(CASE WHEN p.first_part_id < p.last_part_id THEN c.net ELSE p.amount END) AS amount
    FROM candidate c
    JOIN covered_parts p ON p.account_id = c.account_id AND NOT p.given_back
         AND p.last_part_id >= c.entry_id AND p.first_part_id <= c.entry_id
    JOIN ledger_entries h ON h.id = p.entry_id
    LEFT JOIN transactions t ON t.id = h.transaction_id
    GROUP BY c.id, c.net
),
-- A payout's confirmation and the job may come to the same events.
locked AS MATERIALIZED (
    SELECT v.id FROM quest_events v
    WHERE v.id IN (SELECT id FROM covered WHERE has_left AND amount >= net)
    ORDER BY v.id FOR NO KEY UPDATE
)
UPDATE quest_events v SET status = 'settled', settled_at = %(now)s
WHERE v.id IN (SELECT id FROM locked) AND v.status = 'granted'
RETURNING v.id
