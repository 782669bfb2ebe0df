-- Delete who played what, of a platform from a day to a day, to be written anew.
WITH gone_of_works AS (
    DELETE FROM work_listener_days d USING works w
    WHERE d.day BETWEEN %(first)s AND %(last)s AND w.number = d.work_number AND w.platform_id = %(platform_id)s
),
gone_of_creators AS (
    DELETE FROM creator_listener_days d USING creator_profiles c
    WHERE d.day BETWEEN %(first)s AND %(last)s AND c.number = d.creator_number AND c.platform_id = %(platform_id)s
)
DELETE FROM platform_listener_days
WHERE day BETWEEN %(first)s AND %(last)s AND platform_number = %(platform)s::bigint
