-- Delete some of the rows of who played works of these creators on a day whose listeners are final.
WITH gone AS (
    DELETE FROM creator_listener_days WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM creator_listener_days
        WHERE day = %(day)s AND creator_number = ANY(%(numbers)s::bigint[]) LIMIT %(most)s
    ))
    RETURNING 1
)
SELECT count(*) AS deleted FROM gone
