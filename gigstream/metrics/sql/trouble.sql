SELECT (SELECT count(*) FROM payment_switches WHERE on_at IS NULL) AS payouts_stopped,
       (SELECT count(*) FROM discrepancies WHERE resolved_at IS NULL) AS discrepancies_open,
       (SELECT coalesce(greatest(extract(epoch FROM money_clock() - min(created_at)), 0), 0)
        FROM discrepancies WHERE resolved_at IS NULL) AS discrepancies_oldest_seconds,
       (SELECT count(*) FROM webhook_deliveries WHERE status = 'dead') AS deliveries_dead
