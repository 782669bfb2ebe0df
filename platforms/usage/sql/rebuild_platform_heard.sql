-- Write anew who played what, of a platform from a day to a day, after the rows of before are deleted.
INSERT INTO platform_listener_days (day, platform_number, listener_number, plays)
SELECT d.day, %(platform)s::bigint, d.listener_number, sum(d.plays)
FROM creator_listener_days d JOIN creator_profiles c ON c.number = d.creator_number
WHERE d.day BETWEEN %(first)s AND %(last)s AND d.day <> ALL(%(final)s::date[])
      AND c.platform_id = %(platform_id)s
GROUP BY 1, 3 ORDER BY 1, 3
