SELECT count(*) AS database_connections,
       count(*) FILTER (WHERE state LIKE 'idle in transaction%%') AS database_connections_in_transaction,
       count(*) FILTER (WHERE wait_event_type = 'Lock') AS database_connections_waiting,
       current_setting('max_connections')::int AS database_connections_limit
FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
