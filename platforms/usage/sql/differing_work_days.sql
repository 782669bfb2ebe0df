-- The days of works whose sums are not those of the events, of all months that are in the database.
SELECT 'work ' || coalesce(d.work_number, r.work_number) || ' on ' || coalesce(d.day, r.day)
       || ': the sums are not those of its events' AS fault
FROM work_days d
FULL JOIN recount_work_days('2000-01-01', '2200-01-01') AS r
    ON r.work_number = d.work_number AND r.day = d.day AND r.creator_number = d.creator_number
WHERE (coalesce(d.plays, 0), coalesce(d.likes, 0), coalesce(d.comments, 0), coalesce(d.shares, 0),
       coalesce(d.seconds, 0), coalesce(d.purchases, 0), coalesce(d.sales, 0), coalesce(d.tips, 0))
      <> (coalesce(r.plays, 0), coalesce(r.likes, 0), coalesce(r.comments, 0), coalesce(r.shares, 0),
          coalesce(r.seconds, 0), coalesce(r.purchases, 0), coalesce(r.sales, 0), coalesce(r.tips, 0))
      AND NOT EXISTS (SELECT FROM usage_archives a
                      WHERE a.month = date_trunc('month', coalesce(d.day, r.day)) AND a.attached_at IS NULL)
ORDER BY 1
