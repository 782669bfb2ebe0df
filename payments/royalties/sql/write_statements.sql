-- Write the statements of a period's creators, with the shares that other ways would have given them.
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(creators)s::bigint[], %(pro_rata)s::numeric[], %(user_centric)s::numeric[])
        AS g(id, creator_number, pro_rata, user_centric)
),
days AS MATERIALIZED (
    SELECT creator_number, array_agg(day) AS days, sum(plays) AS plays, sum(plays_held) AS plays_held,
           sum(plays_refused) AS plays_refused, sum(amount) AS amount, sum(held) AS held, sum(sales) AS sales
    FROM daily_accruals WHERE period_id = %(period)s GROUP BY 1
),
uses AS MATERIALIZED (
    SELECT u.creator_number, w.id, w.title, w.number, u.rate, sum(u.plays) AS plays, sum(u.held) AS held,
           sum(u.refused) AS refused
    FROM royalty_uses(
        (SELECT array_agg(creator_number) FROM daily_accruals WHERE period_id = %(period)s),
        (SELECT array_agg(day) FROM daily_accruals WHERE period_id = %(period)s)
    ) AS u JOIN works w ON w.number = u.work_number
    WHERE u.plays > 0
    GROUP BY 1, 2, 3, 4, 5
),
lines AS MATERIALIZED (
    SELECT creator_number,
           jsonb_agg(jsonb_build_object(
               'work_id', id, 'title', title, 'rate', to_char(rate, 'FM99999999999990.000000'), 'plays', plays,
               'plays_held', held, 'plays_refused', refused,
               'amount', to_char((plays - refused) * rate, 'FM99999999999990.000000')
           ) ORDER BY number, rate) AS lines
    FROM uses GROUP BY 1
),
pays AS MATERIALIZED (
    SELECT creator_number, sum(unfunded) AS unfunded, sum(carried) AS carried, sum(paid) AS paid
    FROM period_pays WHERE period_id = %(period)s GROUP BY 1
)
INSERT INTO royalty_statements (id, created_at, period_id, creator_number, plays, plays_held, plays_refused, accrued, held,
                                sales, unfunded, carried, paid, pro_rata, user_centric, lines)
SELECT g.id, %(now)s, %(period)s, g.creator_number, coalesce(d.plays, 0), coalesce(d.plays_held, 0),
       coalesce(d.plays_refused, 0), coalesce(d.amount, 0), coalesce(d.held, 0), coalesce(d.sales, 0),
       coalesce(y.unfunded, 0), coalesce(y.carried, 0), coalesce(y.paid, 0), g.pro_rata, g.user_centric,
       coalesce(l.lines, '[]'::jsonb)
FROM given g LEFT JOIN days d USING (creator_number) LEFT JOIN pays y USING (creator_number)
LEFT JOIN lines l USING (creator_number)
ORDER BY g.creator_number
