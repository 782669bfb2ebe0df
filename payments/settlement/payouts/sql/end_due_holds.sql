-- End the holds whose time is over, and those of failed payouts whose worker is paid at another address by now.
WITH due AS MATERIALIZED (
    SELECT h.id, h.worker_id,
           CASE WHEN h.expires_at <= %(now)s THEN 'expired' ELSE 'address_changed' END AS because
    FROM payout_holds h
    LEFT JOIN transactions t ON t.id = h.payout_id
    LEFT JOIN workers w ON w.id = h.worker_id
    WHERE h.ended_at IS NULL
      AND (h.expires_at <= %(now)s OR (h.kind = 'failed' AND w.wallet_address <> t.to_wallet))
    ORDER BY h.created_at
    LIMIT %(most)s
    FOR NO KEY UPDATE OF h SKIP LOCKED
)
UPDATE payout_holds h SET ended_at = %(now)s, ended_by = 'system', ended_because = due.because
FROM due WHERE h.id = due.id
RETURNING h.id, h.worker_id, h.ended_because
