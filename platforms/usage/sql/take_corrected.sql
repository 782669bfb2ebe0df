-- Take events back and count others again, by number and time, and record those that replace others: the first half
-- of a statement, whose second half counts the events in `taken` (count_taken.sql).
WITH named AS MATERIALIZED (
    SELECT * FROM unnest(%(numbers)s::bigint[], %(times)s::timestamptz[], %(signs)s::int[])
        AS n(number, occurred_at, sign)
),
recorded AS MATERIALIZED (
    SELECT n.number, e.work_number, e.creator_number, e.kind, e.listener_number, e.occurred_at, e.seconds, e.amount,
           (e.occurred_at AT TIME ZONE 'UTC')::date AS day, n.sign
    FROM named n JOIN usage_events e ON e.number = n.number AND e.occurred_at = n.occurred_at
    WHERE e.platform_number = %(platform)s::bigint
),
replacing AS MATERIALIZED (
    SELECT r.number, e.work_number, r.creator_number, e.kind, e.listener_number, r.occurred_at, r.seconds, r.amount,
           (r.occurred_at AT TIME ZONE 'UTC')::date AS day, 1 AS sign, r.amends
    FROM unnest(%(new_numbers)s::bigint[], %(amended)s::bigint[], %(amended_times)s::timestamptz[],
                %(new_times)s::timestamptz[], %(new_creators)s::bigint[], %(new_seconds)s::int[],
                %(new_amounts)s::numeric[])
        AS r(number, amends, amended_at, occurred_at, creator_number, seconds, amount)
    JOIN usage_events e ON e.number = r.amends AND e.occurred_at = r.amended_at
),
stored AS (
    INSERT INTO usage_events (number, platform_number, work_number, creator_number, listener_number, occurred_at,
                              received_at, amends, seconds, kind, amount)
    SELECT number, %(platform)s::bigint, work_number, creator_number, listener_number, occurred_at, %(now)s, amends,
           seconds, kind, amount
    FROM replacing ORDER BY number
    RETURNING number
),
taken AS MATERIALIZED (
    SELECT * FROM recorded
    UNION ALL
    SELECT number, work_number, creator_number, kind, listener_number, occurred_at, seconds, amount, day, sign
    FROM replacing
),
excluded_now AS (
    INSERT INTO usage_exclusions (event_number, occurred_at)
    SELECT number, occurred_at FROM recorded WHERE sign < 0 ORDER BY number
    RETURNING event_number
),
counted_again AS (
    DELETE FROM usage_exclusions x USING recorded r WHERE x.event_number = r.number AND r.sign > 0
    RETURNING x.event_number
),
known AS MATERIALIZED (
    SELECT '{}'::int[] AS positions, 0 AS likes
),
