-- The arithmetic of streams (domain.md, section 4). payments/streams/calculations.py computes the same for one stream at
-- a time; a test compares both on random input.

-- Whole seconds of work, without pauses, from 0 to the duration.
CREATE FUNCTION stream_elapsed(start_at timestamptz, paused_for interval, duration integer, at timestamptz)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT least(greatest(floor(extract(epoch FROM (at - start_at - paused_for))), 0), duration)::integer
$$;

-- floor(total * elapsed / duration) at 6 decimals, and the total at the end. div() and the product are exact; "/" would round.
CREATE FUNCTION stream_vested(total numeric, duration integer, elapsed integer)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN elapsed >= duration THEN total
                ELSE div(total * 1000000 * greatest(elapsed, 0), duration) * 0.000001 END
$$;

-- The amount that the whole release intervals have vested; the last of them may be short.
CREATE FUNCTION stream_due(total numeric, duration integer, release_interval integer, elapsed integer)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT stream_vested(total, duration, CASE WHEN elapsed >= duration THEN elapsed
                                               ELSE elapsed / release_interval * release_interval END)
$$;

-- The end of the slot that is running. STABLE, as the sum of a time and an interval is, so that it is inlined.
CREATE FUNCTION stream_next_release(
    start_at timestamptz, paused_for interval, duration integer, release_interval integer, elapsed integer)
RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT start_at + paused_for
           + make_interval(secs => least((elapsed / release_interval + 1) * release_interval, duration))
$$;
-- reverse
DROP FUNCTION stream_next_release(timestamptz, interval, integer, integer, integer);
DROP FUNCTION stream_due(numeric, integer, integer, integer);
DROP FUNCTION stream_vested(numeric, integer, integer);
DROP FUNCTION stream_elapsed(timestamptz, interval, integer, timestamptz);
