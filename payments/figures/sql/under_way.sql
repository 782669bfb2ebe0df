-- Transfers to wallets that the chain has not decided.
SELECT count(*) AS transfers, coalesce(sum(amount), 0) AS amount, min(created_at) AS oldest_at
FROM transactions WHERE status = ANY(%(statuses)s::text[]) AND type = ANY(%(types)s::text[])
