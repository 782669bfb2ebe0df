-- The metrics of creators over days and over a month, each with the market value of their tokens at the month's end.
SELECT w.position, s.*, coalesce(v.market_value, 0) AS market_value
FROM unnest(%(creators)s::bigint[], %(first)s::date[], %(last)s::date[], %(months)s::date[])
     WITH ORDINALITY AS w(creator_number, first, last, month, position)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(d.plays) FILTER (WHERE in_days), 0) AS days_plays,
           coalesce(sum(d.followers_gained - d.followers_lost) FILTER (WHERE in_days), 0) AS days_followers,
           coalesce(sum(d.likes) FILTER (WHERE in_days), 0) AS days_likes,
           coalesce(sum(d.comments) FILTER (WHERE in_days), 0) AS days_comments,
           coalesce(sum(d.shares) FILTER (WHERE in_days), 0) AS days_shares,
           coalesce(sum(d.purchases) FILTER (WHERE in_days), 0) AS days_purchases,
           coalesce(sum(d.sales + d.tips) FILTER (WHERE in_days), 0) AS days_revenue,
           coalesce(sum(d.plays) FILTER (WHERE in_month), 0) AS month_plays,
           coalesce(sum(d.followers_gained - d.followers_lost) FILTER (WHERE in_month), 0) AS month_followers,
           coalesce(sum(d.likes) FILTER (WHERE in_month), 0) AS month_likes,
           coalesce(sum(d.comments) FILTER (WHERE in_month), 0) AS month_comments,
           coalesce(sum(d.shares) FILTER (WHERE in_month), 0) AS month_shares,
           coalesce(sum(d.purchases) FILTER (WHERE in_month), 0) AS month_purchases,
           coalesce(sum(d.sales + d.tips) FILTER (WHERE in_month), 0) AS month_revenue
    FROM (
        SELECT *, day BETWEEN w.first AND w.last AS in_days,
               day >= w.month AND day < w.month + interval '1 month' AS in_month
        FROM creator_days
        WHERE creator_number = w.creator_number AND day >= least(w.first, w.month)
              AND day <= greatest(w.last, (w.month + interval '1 month')::date)
    ) AS d
) AS s
LEFT JOIN LATERAL (
    SELECT t.market_value FROM token_values t JOIN creator_profiles c ON c.id = t.creator_id
    WHERE c.number = w.creator_number AND t.as_of < (w.month + interval '1 month') AT TIME ZONE 'UTC'
    ORDER BY t.as_of DESC LIMIT 1
) AS v ON true
ORDER BY w.position
