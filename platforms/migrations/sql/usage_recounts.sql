-- What the events say that count, from a day to a day, both inclusive: the sums of works, and the plays of listeners.
-- The tables of days are compared with these, and written anew from them.
CREATE FUNCTION recount_work_days(first_day date, last_day date, platform bigint DEFAULT NULL)
RETURNS TABLE (platform_number bigint, work_number bigint, creator_number bigint, day date, plays bigint, likes bigint,
               comments bigint, shares bigint, seconds bigint, purchases bigint, sales numeric, tips numeric)
LANGUAGE sql STABLE AS $$
    SELECT e.platform_number, e.work_number, e.creator_number, (e.occurred_at AT TIME ZONE 'UTC')::date,
           count(*) FILTER (WHERE e.kind = 1),
           count(*) FILTER (WHERE e.kind = 2) - count(*) FILTER (WHERE e.kind = 3),
           count(*) FILTER (WHERE e.kind = 4),
           count(*) FILTER (WHERE e.kind = 5),
           coalesce(sum(e.seconds), 0),
           count(*) FILTER (WHERE e.kind = 6),
           coalesce(sum(e.amount) FILTER (WHERE e.kind = 6), 0),
           coalesce(sum(e.amount) FILTER (WHERE e.kind = 7), 0)
    FROM usage_events e
    WHERE e.occurred_at >= first_day::timestamp AT TIME ZONE 'UTC'
          AND e.occurred_at < (last_day + 1)::timestamp AT TIME ZONE 'UTC'
          AND (platform IS NULL OR e.platform_number = platform)
          AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = e.number)
    GROUP BY 1, 2, 3, 4
$$;

CREATE FUNCTION recount_listeners(first_day date, last_day date, platform bigint DEFAULT NULL)
RETURNS TABLE (platform_number bigint, work_number bigint, creator_number bigint, day date, listener_number bigint,
               plays integer)
LANGUAGE sql STABLE AS $$
    SELECT e.platform_number, e.work_number, e.creator_number, (e.occurred_at AT TIME ZONE 'UTC')::date,
           e.listener_number, count(*)::int
    FROM usage_events e
    WHERE e.kind = 1 AND e.occurred_at >= first_day::timestamp AT TIME ZONE 'UTC'
          AND e.occurred_at < (last_day + 1)::timestamp AT TIME ZONE 'UTC'
          AND (platform IS NULL OR e.platform_number = platform)
          AND NOT EXISTS (SELECT FROM usage_exclusions x WHERE x.event_number = e.number)
    GROUP BY 1, 2, 3, 4, 5
$$;
-- reverse
DROP FUNCTION recount_listeners(date, date, bigint);
DROP FUNCTION recount_work_days(date, date, bigint);
