-- Entries booked since then, by hour and kind. The ledger is in the order of time, so its block range index leads to
-- these entries without reading older entries.
SELECT date_trunc('hour', created_at, 'UTC') AS hour, kind, count(*) AS entries, sum(amount) AS amount
FROM ledger_entries WHERE created_at >= %(since)s
GROUP BY 1, 2
