-- The actions that the log has. Reads an entry of the index for each, not all lines.
WITH RECURSIVE names AS (
    (SELECT action FROM audit_logs ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT l.action FROM audit_logs l WHERE l.action > n.action ORDER BY l.action LIMIT 1)
    FROM names n
    WHERE n.action IS NOT NULL
)
SELECT action FROM names WHERE action IS NOT NULL
