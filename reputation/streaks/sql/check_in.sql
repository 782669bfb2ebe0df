-- Make the worker's check-in of the date, unless it is there.
INSERT INTO check_ins (worker_id, local_date, created_at)
VALUES (%(worker)s, %(day)s, %(now)s)
ON CONFLICT ON CONSTRAINT check_in_once_per_date DO NOTHING
