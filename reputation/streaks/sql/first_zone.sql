-- Let the worker's dates be of the profile's time zone, unless an earlier check-in has said of which they are.
INSERT INTO streak_zones (worker_id, time_zone, first_date, created_at)
SELECT %(worker)s, %(zone)s, %(day)s, %(now)s
WHERE NOT EXISTS (SELECT FROM streak_zones WHERE worker_id = %(worker)s)
ON CONFLICT ON CONSTRAINT streak_zone_once_per_date DO NOTHING
