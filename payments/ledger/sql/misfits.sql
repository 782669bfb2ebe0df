-- Entries of an unregistered kind, or between accounts that do not belong to their kind: (%(kinds)s,
-- %(debits)s, %(credits)s) are allowed, and any accounts for the kinds %(anywhere)s.
WITH allowed (kind, debit, credit) AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(debits)s::text[], %(credits)s::text[])
),
owned AS (
    SELECT id, worker_id, platform_id,
           CASE WHEN worker_id IS NOT NULL THEN 'worker '
                WHEN platform_id IS NOT NULL THEN 'platform '
                ELSE 'house ' END || name AS account
    FROM accounts
)
SELECT e.id FROM ledger_entries e
JOIN owned d ON d.id = e.debit_account_id
JOIN owned c ON c.id = e.credit_account_id
LEFT JOIN allowed a ON (a.kind, a.debit, a.credit) = (e.kind, d.account, c.account)
WHERE e.kind <> ALL (%(anywhere)s::text[])
  AND (a.kind IS NULL OR d.worker_id <> c.worker_id OR d.platform_id <> c.platform_id)
ORDER BY e.id;
