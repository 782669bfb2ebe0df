-- Temporary functions of the seeding: reproducible random numbers, ids that grow with time, exact fees, scores.

-- A random number from 0 to sides - 1, equal for equal number and salt in each run.
CREATE OR REPLACE FUNCTION pg_temp.dice(number bigint, salt integer, sides integer) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$ SELECT mod(hashint8extended(number, salt) & 9007199254740991, sides)::integer $$;

-- A UUID of version 7 whose tail is the kind of row and its number, so that an index grows at one end.
CREATE OR REPLACE FUNCTION pg_temp.row_id(kind integer, number bigint, at timestamptz) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(kind), 3, '0')
            || '8000' || lpad(to_hex(number), 12, '0'))::uuid
$$;

CREATE OR REPLACE FUNCTION pg_temp.chain_hash(fact text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT '0x' || encode(sha256(fact::bytea), 'hex') $$;

-- floor(amount * bps / 10000) at 6 decimals, like `gigstream.core.money.share_bps`.
CREATE OR REPLACE FUNCTION pg_temp.share(amount numeric, bps integer) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$ SELECT div(amount * 1000000 * bps, 10000) * 0.000001 $$;

-- Fold of a worker's events into the score, kept in 0 to 1000 like `reputation.scores.calculations.clamp_score`. The state is
-- the score and the last delta.
CREATE OR REPLACE FUNCTION pg_temp.next_score(state integer[], delta integer) RETURNS integer[]
LANGUAGE sql IMMUTABLE AS $$ SELECT ARRAY[least(greatest(state[1] + delta, 0), %(highest_score)s), delta] $$;
CREATE OR REPLACE AGGREGATE pg_temp.scored(integer) (
    sfunc = pg_temp.next_score, stype = integer[], initcond = '{%(starting_score)s,0}'
);
