-- The balance of each account from its entries.
SELECT account_id, sum(amount) AS amount
FROM (
    SELECT credit_account_id AS account_id, sum(amount) AS amount FROM ledger_entries GROUP BY 1
    UNION ALL
    SELECT debit_account_id, -sum(amount) FROM ledger_entries GROUP BY 1
) AS sides
GROUP BY account_id HAVING sum(amount) <> 0
