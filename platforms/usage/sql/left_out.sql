-- The plays of a creator that are left out of pay, by day, work and the status of what has found them.
SELECT f.day, m.work_number, f.status, count(*) AS plays
FROM usage_findings f JOIN usage_marks m ON m.finding_id = f.id
WHERE f.creator_id = %(creator)s AND f.day BETWEEN %(first)s AND %(last)s
      AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = m.event_number)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
