-- The rewards that confirmed payouts have carried as a whole, as of the last of these payouts.
ANALYZE covered_parts;

UPDATE quest_events SET status = 'settled', settled_at = carried.at
FROM (
    SELECT v.id, max(t.confirmed_at) AS at
    FROM quest_events v
    JOIN ledger_entries e ON e.id = v.entry_id
    JOIN covered_parts p ON p.account_id = e.credit_account_id AND p.last_part_id >= e.id AND p.first_part_id <= e.id
    JOIN ledger_entries h ON h.id = p.entry_id
    JOIN transactions t ON t.id = h.transaction_id
    WHERE v.reward_kind = 'payout'
    GROUP BY v.id
    HAVING bool_and(t.status = 'confirmed')
       AND sum(CASE WHEN p.first_part_id < p.last_part_id THEN v.amount ELSE p.amount END) >= v.amount
) AS carried
WHERE quest_events.id = carried.id;
