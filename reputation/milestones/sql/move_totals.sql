-- Add changes to the totals of creators of one platform, each once in the order of their numbers, and return those
-- who may have reached a rule, with the rule: a metric of it has risen, and where all is counted over all time, one
-- condition was crossed and all hold; over less time there is at most as much as over all.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%(creators)s::bigint[], %(plays)s::bigint[], %(followers)s::bigint[], %(likes)s::bigint[],
                         %(comments)s::bigint[], %(shares)s::bigint[], %(purchases)s::bigint[], %(revenue)s::numeric[],
                         %(risen)s::int[])
        AS g(creator_number, plays, followers, likes, comments, shares, purchases, revenue, risen)
),
more AS (
    INSERT INTO creator_totals AS t (creator_number, plays, followers, likes, comments, shares, purchases, revenue)
    SELECT creator_number, plays, followers, likes, comments, shares, purchases, revenue
    FROM given WHERE least(plays, comments, shares, purchases, revenue) >= 0 ORDER BY creator_number
    ON CONFLICT (creator_number) DO UPDATE
    SET plays = t.plays + excluded.plays, followers = t.followers + excluded.followers,
        likes = t.likes + excluded.likes, comments = t.comments + excluded.comments,
        shares = t.shares + excluded.shares, purchases = t.purchases + excluded.purchases,
        revenue = t.revenue + excluded.revenue
    RETURNING *
),
-- A count that is taken back was counted before, so its row is there. Corrections of a platform go alone.
less AS (
    UPDATE creator_totals t
    SET plays = t.plays + g.plays, followers = t.followers + g.followers, likes = t.likes + g.likes,
        comments = t.comments + g.comments, shares = t.shares + g.shares, purchases = t.purchases + g.purchases,
        revenue = t.revenue + g.revenue
    FROM given g
    WHERE t.creator_number = g.creator_number
          AND least(g.plays, g.comments, g.shares, g.purchases, g.revenue) < 0
    RETURNING t.*
),
rules AS MATERIALIZED (
    SELECT r.id, bool_or(k.time_window <> 'all_time') AS counts_less,
           bit_or(1 << array_position(%(metrics)s::text[], k.metric::text) - 1) AS metrics,
           bool_or(k.metric = 'revenue' AND k.time_window = 'month') AS counts_tokens,
           coalesce(max(k.threshold) FILTER (WHERE k.metric = 'plays'), '-Infinity') AS plays,
           coalesce(max(k.threshold) FILTER (WHERE k.metric = 'comments'), '-Infinity') AS comments,
           coalesce(max(k.threshold) FILTER (WHERE k.metric = 'shares'), '-Infinity') AS shares,
           coalesce(max(k.threshold) FILTER (WHERE k.metric = 'purchases'), '-Infinity') AS purchases,
           coalesce(max(k.threshold) FILTER (WHERE k.metric = 'revenue'), '-Infinity') AS revenue,
           -- Followers and likes also fall, and there may have been more of them in some month.
           coalesce(max(k.threshold) FILTER (WHERE k.metric = 'followers' AND k.time_window = 'all_time'), '-Infinity')
               AS followers,
           coalesce(max(k.threshold) FILTER (WHERE k.metric = 'likes' AND k.time_window = 'all_time'), '-Infinity')
               AS likes
    FROM milestone_rules r JOIN milestone_conditions k ON k.rule_id = r.id
    WHERE r.retired_at IS NULL
          AND (r.platform_id IS NULL OR r.platform_id = (
              SELECT c.platform_id FROM creator_profiles c
              WHERE c.number = (SELECT min(creator_number) FROM given)
          ))
    GROUP BY r.id
)
SELECT m.creator_number, c.id AS creator_id, r.id AS rule_id, m.plays, m.followers, m.likes, m.comments, m.shares,
       m.purchases, m.revenue
FROM (SELECT * FROM more UNION ALL SELECT * FROM less) AS m
JOIN given g ON g.creator_number = m.creator_number
JOIN rules r ON g.risen & r.metrics <> 0 AND m.plays >= r.plays AND m.comments >= r.comments AND m.shares >= r.shares
     AND m.purchases >= r.purchases AND m.followers >= r.followers AND m.likes >= r.likes
     AND (m.revenue >= r.revenue OR r.counts_tokens)
     AND (r.counts_less OR m.plays - g.plays < r.plays OR m.followers - g.followers < r.followers
          OR m.likes - g.likes < r.likes OR m.comments - g.comments < r.comments OR m.shares - g.shares < r.shares
          OR m.purchases - g.purchases < r.purchases OR m.revenue - g.revenue < r.revenue)
JOIN creator_profiles c ON c.number = m.creator_number AND c.status <> 'closed'
WHERE (m.revenue >= r.revenue OR EXISTS (SELECT FROM token_values v WHERE v.creator_id = c.id))
      AND NOT EXISTS (SELECT FROM creator_milestones x WHERE x.creator_id = c.id AND x.rule_id = r.id)
ORDER BY m.creator_number, r.id
