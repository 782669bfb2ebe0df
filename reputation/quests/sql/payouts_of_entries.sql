-- The payouts that carry these entries, with their hashes where they have any.
SELECT DISTINCT e.id AS entry_id, t.id AS payout_id, t.tx_hash, t.status
FROM ledger_entries e
JOIN covered_parts p ON p.account_id = e.credit_account_id AND NOT p.given_back
     AND p.last_part_id >= e.id AND p.first_part_id <= e.id
JOIN ledger_entries h ON h.id = p.entry_id AND h.kind = 'payout_hold'
JOIN transactions t ON t.id = h.transaction_id
WHERE e.id = ANY(%(entries)s::bigint[])
ORDER BY e.id, t.id
