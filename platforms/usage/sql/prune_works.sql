-- Delete some of the rows of who played these works on a day whose listeners are final.
WITH gone AS (
    DELETE FROM work_listener_days WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM work_listener_days
        WHERE day = %(day)s AND work_number = ANY(%(numbers)s::bigint[]) LIMIT %(most)s
    ))
    RETURNING 1
)
SELECT count(*) AS deleted FROM gone
