-- Write anew who played what, of a platform from a day to a day, after the rows of before are deleted.
INSERT INTO creator_listener_days (day, creator_number, listener_number, plays)
SELECT d.day, d.creator_number, d.listener_number, sum(d.plays)
FROM work_listener_days d JOIN works w ON w.number = d.work_number
WHERE d.day BETWEEN %(first)s AND %(last)s AND d.day <> ALL(%(final)s::date[])
      AND w.platform_id = %(platform_id)s
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
