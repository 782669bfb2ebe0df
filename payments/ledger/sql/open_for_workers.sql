-- Open the accounts of available money of these workers, in one order everywhere.
INSERT INTO accounts (id, name, worker_id, may_go_below_zero, balance, payout_count, payout_schedule)
SELECT nextval(pg_get_serial_sequence('accounts', 'id')) + %(range)s, 'available', w.id, false, 0, 0, w.payout_schedule
FROM (SELECT id, payout_schedule FROM workers WHERE id = ANY(%(workers)s::uuid[]) ORDER BY id) AS w
ON CONFLICT DO NOTHING
