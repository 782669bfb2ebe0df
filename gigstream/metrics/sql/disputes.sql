SELECT count(*) AS disputes_open,
       coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) AS disputes_oldest_seconds
FROM disputes WHERE resolved_at IS NULL
