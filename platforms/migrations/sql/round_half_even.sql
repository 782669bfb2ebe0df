-- Rounds to so many places, a half to the even neighbour: the rounding of rates.
CREATE FUNCTION round_half_even(value numeric, places integer)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN abs(value - trunc(value, places)) * 2 = power(10::numeric, -places)
                 AND mod(trunc(value * power(10::numeric, places)), 2) = 0
                THEN trunc(value, places) ELSE round(value, places) END
$$;
-- reverse
DROP FUNCTION round_half_even(numeric, integer);
