-- Write the totals of a platform's creators anew from their days.
INSERT INTO creator_totals AS t (creator_number, plays, followers, likes, comments, shares, purchases, revenue)
SELECT c.number, coalesce(sum(d.plays), 0), coalesce(sum(d.followers_gained - d.followers_lost), 0),
       coalesce(sum(d.likes), 0), coalesce(sum(d.comments), 0), coalesce(sum(d.shares), 0),
       coalesce(sum(d.purchases), 0), coalesce(sum(d.sales + d.tips), 0)
FROM creator_profiles c JOIN creator_days d ON d.creator_number = c.number
WHERE c.platform_id = %(platform)s::uuid
GROUP BY c.number ORDER BY c.number
ON CONFLICT (creator_number) DO UPDATE
SET plays = excluded.plays, followers = excluded.followers, likes = excluded.likes, comments = excluded.comments,
    shares = excluded.shares, purchases = excluded.purchases, revenue = excluded.revenue
