-- Fund what the platform's available money covers in full with the fee, the oldest periods first, purchases and tips before
-- plays; return by period what was funded, and what is left.
WITH waiting AS MATERIALIZED (
    SELECT y.id, y.period_id, y.creator_number, y.source, y.unfunded, p.first,
           y.source = 'plays' AND p.status = 'final' AS is_carried_on,
           div((y.paid + y.carried + y.unfunded) * 1000000 * p.fee_bps, 10000) * 0.000001
           - div((y.paid + y.carried) * 1000000 * p.fee_bps, 10000) * 0.000001 AS fee
    FROM royalty_periods p JOIN period_pays y ON y.period_id = p.id
    WHERE p.platform_id = %(platform)s AND y.unfunded > 0
),
line AS MATERIALIZED (
    SELECT w.*, sum(unfunded + fee) OVER (ORDER BY first, source DESC, creator_number ROWS UNBOUNDED PRECEDING)
                <= %(available)s::numeric AS is_covered
    FROM waiting w
),
funded AS (
    UPDATE period_pays y SET unfunded = 0, carried = y.carried + l.unfunded
    FROM line l WHERE l.is_covered AND y.id = l.id
),
carried_on AS (
    INSERT INTO carried_balances AS b (creator_number, carried, remainder)
    SELECT creator_number, sum(unfunded), 0 FROM line WHERE is_covered AND is_carried_on GROUP BY 1 ORDER BY 1
    ON CONFLICT (creator_number) DO UPDATE SET carried = b.carried + excluded.carried
)
SELECT period_id, coalesce(sum(unfunded) FILTER (WHERE is_covered), 0) AS amount,
       coalesce(sum(fee) FILTER (WHERE is_covered), 0) AS fee, count(*) FILTER (WHERE is_covered) AS lines,
       coalesce(sum(unfunded) FILTER (WHERE NOT is_covered), 0) AS unfunded,
       json_agg(DISTINCT creator_number) FILTER (WHERE NOT is_covered)::text AS unfunded_creators
FROM line GROUP BY 1 ORDER BY 1
