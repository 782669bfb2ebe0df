SELECT service AS provider, CASE state WHEN 'open' THEN 1.0 WHEN 'half_open' THEN 0.5 ELSE 0.0 END AS provider_breaker_open
FROM circuit_breakers ORDER BY service
