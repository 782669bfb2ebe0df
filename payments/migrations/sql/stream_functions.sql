-- The SQL twins of payments.calculations.elapsed_seconds and vested.
CREATE FUNCTION stream_elapsed(start_at timestamptz, paused_for interval, duration integer, at timestamptz)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT least(greatest(floor(extract(epoch FROM (at - start_at - paused_for))), 0), duration)::integer
$$;

-- div() and the product are exact; "/" would round.
CREATE FUNCTION stream_vested(total numeric, duration integer, elapsed integer)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN elapsed >= duration THEN total
                ELSE div(total * 1000000 * greatest(elapsed, 0), duration) * 0.000001 END
$$;
-- reverse
DROP FUNCTION stream_vested(numeric, integer, integer);
DROP FUNCTION stream_elapsed(timestamptz, interval, integer, timestamptz);
