-- Where the days of creators are not the sums of their works' days, or those of platforms not of their creators'.
WITH of_creators AS (
    SELECT creator_number, day, sum(plays) AS plays, sum(likes) AS likes, sum(comments) AS comments,
           sum(shares) AS shares, sum(seconds) AS seconds, sum(purchases) AS purchases, sum(sales) AS sales,
           sum(tips) AS tips
    FROM work_days GROUP BY 1, 2
),
of_platforms AS (
    SELECT p.number AS platform_number, d.day, sum(plays) AS plays, sum(likes) AS likes, sum(comments) AS comments,
           sum(shares) AS shares, sum(seconds) AS seconds, sum(purchases) AS purchases, sum(sales) AS sales,
           sum(tips) AS tips, sum(followers_gained) AS gained, sum(followers_lost) AS lost
    FROM creator_days d JOIN creator_profiles c ON c.number = d.creator_number JOIN platforms p ON p.id = c.platform_id
    GROUP BY 1, 2
)
SELECT 'creator ' || coalesce(d.creator_number, s.creator_number) || ' on ' || coalesce(d.day, s.day)
       || ': the sums are not those of its works' AS fault
FROM creator_days d FULL JOIN of_creators s ON s.creator_number = d.creator_number AND s.day = d.day
WHERE (coalesce(d.plays, 0), coalesce(d.likes, 0), coalesce(d.comments, 0), coalesce(d.shares, 0),
       coalesce(d.seconds, 0), coalesce(d.purchases, 0), coalesce(d.sales, 0), coalesce(d.tips, 0))
      <> (coalesce(s.plays, 0), coalesce(s.likes, 0), coalesce(s.comments, 0), coalesce(s.shares, 0),
          coalesce(s.seconds, 0), coalesce(s.purchases, 0), coalesce(s.sales, 0), coalesce(s.tips, 0))
UNION ALL
SELECT 'platform ' || coalesce(d.platform_number, s.platform_number) || ' on ' || coalesce(d.day, s.day)
       || ': the sums are not those of its creators'
FROM platform_days d FULL JOIN of_platforms s ON s.platform_number = d.platform_number AND s.day = d.day
WHERE (coalesce(d.plays, 0), coalesce(d.likes, 0), coalesce(d.comments, 0), coalesce(d.shares, 0),
       coalesce(d.seconds, 0), coalesce(d.purchases, 0), coalesce(d.sales, 0), coalesce(d.tips, 0),
       coalesce(d.followers_gained, 0), coalesce(d.followers_lost, 0))
      <> (coalesce(s.plays, 0), coalesce(s.likes, 0), coalesce(s.comments, 0), coalesce(s.shares, 0),
          coalesce(s.seconds, 0), coalesce(s.purchases, 0), coalesce(s.sales, 0), coalesce(s.tips, 0),
          coalesce(s.gained, 0), coalesce(s.lost, 0))
ORDER BY 1
