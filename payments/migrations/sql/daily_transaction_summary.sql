-- Transactions by the UTC day on which they were made, type and status. The days come first and each one
-- reads its own range of the index on created_at, so a filter on the day reads only that day.
CREATE VIEW daily_transaction_summary AS
SELECT to_char(day.day, 'YYYY-MM-DD') || ':' || sums.type || ':' || sums.status AS id,
       day.day,
       sums.*
FROM (
    SELECT ((SELECT min(created_at) FROM transactions) AT TIME ZONE 'UTC')::date + back AS day
    FROM generate_series(0, ((SELECT max(created_at) FROM transactions) AT TIME ZONE 'UTC')::date
                          - ((SELECT min(created_at) FROM transactions) AT TIME ZONE 'UTC')::date) AS back
) day
CROSS JOIN LATERAL (
    SELECT x.type,
           x.status,
           count(*) AS transactions,
           sum(x.amount) AS total_amount,
           sum(x.fee) AS total_fees,
           round(avg(x.amount), 6) AS average_amount
    FROM transactions x
    WHERE x.created_at >= day.day::timestamp AT TIME ZONE 'UTC'
      AND x.created_at < (day.day + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY x.type, x.status
) sums;
-- reverse
DROP VIEW daily_transaction_summary;
