-- Write what creators have earned on these days, whose periods are there, and return by how much it has changed.
WITH pair AS MATERIALIZED (
    SELECT DISTINCT g.creator_number, g.day, p.id AS period_id
    FROM unnest(%(creators)s::bigint[], %(days)s::date[]) AS g(creator_number, day)
    JOIN royalty_periods p ON p.platform_id = %(platform)s::uuid AND g.day BETWEEN p.first AND p.last
),
earned AS MATERIALIZED (
    SELECT creator_number, day, sum(plays) AS plays, sum(held) AS plays_held, sum(refused) AS plays_refused,
           sum((plays - refused) * rate) AS amount, sum(held * rate) AS held, sum(sales) AS sales,
           sum(above_price) AS above_price
    FROM royalty_uses(%(creators)s::bigint[], %(days)s::date[]) GROUP BY 1, 2
),
former AS MATERIALIZED (
    SELECT a.* FROM pair JOIN daily_accruals a ON a.creator_number = pair.creator_number AND a.day = pair.day
),
changed AS MATERIALIZED (
    SELECT pair.period_id, creator_number, day, coalesce(e.plays, 0) AS plays,
           coalesce(e.plays_held, 0) AS plays_held, coalesce(e.plays_refused, 0) AS plays_refused,
           coalesce(e.amount, 0) AS amount, coalesce(e.held, 0) AS held, coalesce(e.sales, 0) AS sales,
           coalesce(e.above_price, 0) AS above_price,
           coalesce(e.amount, 0) - coalesce(f.amount, 0) AS amount_change,
           coalesce(e.held, 0) - coalesce(f.held, 0) AS held_change,
           coalesce(e.sales, 0) - coalesce(f.sales, 0) AS sales_change
    FROM pair LEFT JOIN earned e USING (creator_number, day) LEFT JOIN former f USING (creator_number, day)
    WHERE (coalesce(e.plays, 0), coalesce(e.plays_held, 0), coalesce(e.plays_refused, 0), coalesce(e.amount, 0),
           coalesce(e.held, 0), coalesce(e.sales, 0))
          <> (coalesce(f.plays, 0), coalesce(f.plays_held, 0), coalesce(f.plays_refused, 0), coalesce(f.amount, 0),
              coalesce(f.held, 0), coalesce(f.sales, 0))
),
written AS (
    INSERT INTO daily_accruals (period_id, creator_number, day, plays, plays_held, plays_refused, amount, held, sales,
                                above_price, accrued_at)
    SELECT period_id, creator_number, day, plays, plays_held, plays_refused, amount, held, sales, above_price, %(now)s
    FROM changed ORDER BY creator_number, day
    ON CONFLICT (creator_number, day) DO UPDATE
    SET plays = excluded.plays, plays_held = excluded.plays_held, plays_refused = excluded.plays_refused,
        amount = excluded.amount, held = excluded.held, sales = excluded.sales, above_price = excluded.above_price,
        accrued_at = excluded.accrued_at
)
SELECT period_id, creator_number, sum(amount_change) AS amount, sum(held_change) AS held, sum(sales_change) AS sales
FROM changed
GROUP BY 1, 2
HAVING sum(amount_change) <> 0 OR sum(held_change) <> 0 OR sum(sales_change) <> 0
ORDER BY 1, 2
