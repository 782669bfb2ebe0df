-- Delete who played what, of a platform from a day to a day, to be written anew. Days whose listeners are final have no
-- such rows, or those that are just being deleted.
WITH gone_of_works AS (
    DELETE FROM work_listener_days d USING works w
    WHERE d.day BETWEEN %(first)s AND %(last)s AND d.day <> ALL(%(final)s::date[])
          AND w.number = d.work_number AND w.platform_id = %(platform_id)s
),
gone_of_creators AS (
    DELETE FROM creator_listener_days d USING creator_profiles c
    WHERE d.day BETWEEN %(first)s AND %(last)s AND d.day <> ALL(%(final)s::date[])
          AND c.number = d.creator_number AND c.platform_id = %(platform_id)s
)
DELETE FROM platform_listener_days
WHERE day BETWEEN %(first)s AND %(last)s AND day <> ALL(%(final)s::date[]) AND platform_number = %(platform)s::bigint
