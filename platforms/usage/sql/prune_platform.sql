-- Delete some of the rows of who played works of a platform on a day whose listeners are final, and note these people
-- as known since then. They are locked in the order of their ids, as a batch of usage does.
WITH part AS MATERIALIZED (
    SELECT listener_number FROM platform_listener_days
    WHERE day = %(day)s AND platform_number = %(platform)s::bigint
    ORDER BY listener_number LIMIT %(most)s
),
unknown AS MATERIALIZED (
    SELECT l.id FROM listeners l
    WHERE l.id IN (SELECT listener_number FROM part) AND (l.known_since IS NULL OR l.known_since > %(day)s::date)
    ORDER BY l.id
    FOR NO KEY UPDATE OF l
),
noted AS (
    UPDATE listeners l SET known_since = %(day)s::date FROM unknown u WHERE l.id = u.id
),
gone AS (
    DELETE FROM platform_listener_days d USING part p
    WHERE d.day = %(day)s AND d.platform_number = %(platform)s::bigint AND d.listener_number = p.listener_number
    RETURNING 1
)
SELECT count(*) AS deleted FROM gone
