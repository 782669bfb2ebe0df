-- The number of each worker's failed payouts to the present address since the last transfer that arrived.
SELECT h.worker_id, count(*) AS failures
FROM payout_holds h
JOIN transactions t ON t.id = h.payout_id
JOIN workers w ON w.id = h.worker_id AND w.wallet_address = t.to_wallet
WHERE h.kind = 'failed' AND h.worker_id = ANY(%(workers)s::uuid[])
  AND NOT EXISTS (SELECT FROM transactions c
                  WHERE c.worker_id = h.worker_id AND c.created_at > h.created_at AND c.status = 'confirmed'
                    AND c.type IN ('payout', 'advance'))
GROUP BY h.worker_id
