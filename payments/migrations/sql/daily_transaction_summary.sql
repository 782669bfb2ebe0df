-- Transactions by the UTC day on which they were made, type and status. A closed day is read from its sums;
-- each of the few others reads its own range of the index on created_at.
CREATE VIEW daily_transaction_summary AS
SELECT to_char(sums.day, 'YYYY-MM-DD') || ':' || sums.type || ':' || sums.status AS id,
       sums.day,
       sums.type,
       sums.status,
       sums.transactions,
       sums.total_amount,
       sums.total_fees,
       round(sums.total_amount / sums.transactions, 6) AS average_amount
FROM (
    SELECT day, type, status, transactions, total_amount, total_fees FROM transaction_days
    UNION ALL
    SELECT open.day, x.type, x.status, x.transactions, x.total_amount, x.total_fees
    FROM (
        SELECT ((SELECT min(created_at) FROM transactions) AT TIME ZONE 'UTC')::date + back AS day
        FROM generate_series(0, ((SELECT max(created_at) FROM transactions) AT TIME ZONE 'UTC')::date
                              - ((SELECT min(created_at) FROM transactions) AT TIME ZONE 'UTC')::date) AS back
    ) open
    CROSS JOIN LATERAL (
        SELECT t.type, t.status, count(*) AS transactions, sum(t.amount) AS total_amount, sum(t.fee) AS total_fees
        FROM transactions t
        WHERE t.created_at >= open.day::timestamp AT TIME ZONE 'UTC'
          AND t.created_at < (open.day + 1)::timestamp AT TIME ZONE 'UTC'
        GROUP BY t.type, t.status
    ) x
    WHERE NOT EXISTS (SELECT FROM transaction_days closed WHERE closed.day = open.day)
) sums;
-- reverse
DROP VIEW daily_transaction_summary;
