-- Write anew who played what, of a platform from a day to a day, after the rows of before are deleted.
INSERT INTO work_listener_days (day, work_number, creator_number, listener_number, plays)
SELECT day, work_number, creator_number, listener_number, plays
FROM recount_listeners(%(first)s::date, %(last)s::date, %(platform)s::bigint)
WHERE day <> ALL(%(final)s::date[])
ORDER BY day, work_number, creator_number, listener_number
