SELECT count(*) AS disputes_open,
       coalesce(extract(epoch FROM money_clock() - min(created_at)), 0) AS disputes_oldest_seconds
FROM disputes WHERE resolved_at IS NULL
