-- Write what creators have earned on these days, whose periods are there, and add it to their pay where that is an addition
-- alone: nothing is taken back, and nothing was. Return by period by how much it has changed, and the other `lines`.
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
),
sums AS MATERIALIZED (
    SELECT period_id, creator_number, 'plays' AS source, sum(amount_change) AS more, sum(held_change) AS held
    FROM changed GROUP BY 1, 2 HAVING sum(amount_change) <> 0 OR sum(held_change) <> 0
    UNION ALL
    SELECT period_id, creator_number, 'sales', sum(sales_change), 0
    FROM changed GROUP BY 1, 2 HAVING sum(sales_change) <> 0
),
line AS MATERIALIZED (
    SELECT s.*, s.more >= s.held AND s.held >= 0 AND coalesce(y.taken_back, 0) = 0 AS is_added
    FROM sums s LEFT JOIN period_pays y
        ON y.creator_number = s.creator_number AND y.period_id = s.period_id AND y.source = s.source
),
added AS (
    INSERT INTO period_pays AS y (period_id, creator_number, source, accrued, held, unfunded, carried, paid, recovered,
                                  taken_back, payments)
    SELECT period_id, creator_number, source, more, held, more - held, 0, 0, 0, 0, 0
    FROM line WHERE is_added ORDER BY creator_number, period_id, source
    ON CONFLICT (creator_number, period_id, source) DO UPDATE
    SET accrued = y.accrued + excluded.accrued, held = y.held + excluded.held, unfunded = y.unfunded + excluded.unfunded
)
SELECT period_id, sum(more) AS amount, json_agg(DISTINCT creator_number)::text AS creators,
       json_agg(json_build_array(creator_number, source, more::text, held::text) ORDER BY creator_number, source)
           FILTER (WHERE NOT is_added) AS lines
FROM line GROUP BY 1 ORDER BY 1
