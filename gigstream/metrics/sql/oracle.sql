-- The records on the chain: those that are open, that were given up, and their gas.
SELECT
    (SELECT count(*) FROM chain_operations WHERE next_attempt_at IS NOT NULL) AS oracle_operations_open,
    (
        SELECT extract(epoch FROM money_clock() - min(created_at)) FROM chain_operations
        WHERE next_attempt_at IS NOT NULL
    ) AS oracle_oldest_open_seconds,
    (
        SELECT count(*) FROM chain_operations
        WHERE status = 'dead' AND ended_at > money_clock() - interval '7 days'
    ) AS oracle_operations_dead,
    (SELECT count(*) FROM creator_syncs WHERE differs_at IS NOT NULL) AS oracle_creators_differing,
    (
        SELECT coalesce(sum(fee), 0) FROM gas_spendings
        WHERE spent_at >= date_trunc('month', money_clock(), 'UTC')
    ) AS oracle_gas_fee_usdc,
    (
        SELECT coalesce(sum(reserved), 0) FROM chain_operations WHERE is_in_flight
    ) AS oracle_gas_reserved_usdc,
    (
        SELECT count(*) FROM gas_alarms
        WHERE month = date_trunc('month', money_clock(), 'UTC')::date
    ) AS oracle_gas_alarm,
    (
        SELECT extract(epoch FROM money_clock() - max(ended_at)) FROM chain_operations
        WHERE status = 'confirmed'
    ) AS oracle_synced_age_seconds,
    calls.oracle_calls_last_hour,
    calls.oracle_failures_last_hour
FROM (
    SELECT count(*) AS oracle_calls_last_hour,
           count(*) FILTER (WHERE error_class IS NOT NULL) AS oracle_failures_last_hour
    FROM chain_attempts
    WHERE started_at > money_clock() - interval '1 hour' AND started_at <= money_clock() AND ended_at IS NOT NULL
) AS calls
