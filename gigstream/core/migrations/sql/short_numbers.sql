-- Short numbers of rows: what a sequence counts, put through a permutation and written as six letters, so that two
-- numbers do not tell how many rows lie between them. The permutation differs from database to database: its key is
-- drawn once, here, and goes along in a dump.
DO $$
BEGIN
    EXECUTE format(
        'CREATE FUNCTION short_number_key() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS ''SELECT %s''',
        -- The last 60 bits of a random UUID: a part of 15 for each round.
        ('x' || right(replace(gen_random_uuid()::text, '-', ''), 15))::bit(60)::bigint
    );
END
$$;
-- A Feistel network of four rounds: a permutation of the numbers below 2 ^ (2 * half_bits), half_bits <= 15.
CREATE FUNCTION permute_number(number bigint, half_bits integer, key bigint) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    mask bigint := (1::bigint << half_bits) - 1;
    upper_half bigint := number >> half_bits;
    lower_half bigint := number & mask;
    mixed bigint;
BEGIN
    FOR round IN 0..3 LOOP
        mixed := ((lower_half # ((key >> (15 * round)) & 32767)) + 1) * 2654435761;
        mixed := ((mixed # (mixed >> 17)) & 2147483647) * 668265263;
        mixed := upper_half # ((mixed >> 23) & mask);
        upper_half := lower_half;
        lower_half := mixed;
    END LOOP;
    RETURN (upper_half << half_bits) | lower_half;
END
$$;
-- Six letters of Crockford's base 32 for the numbers below 2 ^ 30, more for those above: none ends the service.
CREATE FUNCTION short_number(number bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    rest bigint := permute_number(number & 1073741823, 15, short_number_key());
    above bigint := number >> 30;
    letters text := '';
BEGIN
    FOR place IN 1..6 LOOP
        letters := substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (rest & 31)::integer + 1, 1) || letters;
        rest := rest >> 5;
    END LOOP;
    WHILE above > 0 LOOP
        letters := substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (above & 31)::integer + 1, 1) || letters;
        above := above >> 5;
    END LOOP;
    RETURN letters;
END
$$;
-- Each counts a part of the numbers with six letters of its own, as long as there are fewer than 67 million rows of a
-- kind: until then letters alone name one row.
CREATE SEQUENCE short_numbers_of_workers MINVALUE 0 START WITH 0;
CREATE SEQUENCE short_numbers_of_platforms MINVALUE 0 START WITH 67108864;
CREATE SEQUENCE short_numbers_of_tasks MINVALUE 0 START WITH 134217728;
CREATE SEQUENCE short_numbers_of_transactions MINVALUE 0 START WITH 201326592;
CREATE SEQUENCE short_numbers_of_loans MINVALUE 0 START WITH 268435456;
CREATE SEQUENCE short_numbers_of_disputes MINVALUE 0 START WITH 335544320;
CREATE SEQUENCE short_numbers_of_payout_holds MINVALUE 0 START WITH 402653184;
CREATE SEQUENCE short_numbers_of_quests MINVALUE 0 START WITH 469762048;
CREATE SEQUENCE short_numbers_of_creators MINVALUE 0 START WITH 536870912;
CREATE SEQUENCE short_numbers_of_approvals MINVALUE 0 START WITH 603979776;
-- reverse
DROP SEQUENCE short_numbers_of_workers;
DROP SEQUENCE short_numbers_of_platforms;
DROP SEQUENCE short_numbers_of_tasks;
DROP SEQUENCE short_numbers_of_transactions;
DROP SEQUENCE short_numbers_of_loans;
DROP SEQUENCE short_numbers_of_disputes;
DROP SEQUENCE short_numbers_of_payout_holds;
DROP SEQUENCE short_numbers_of_quests;
DROP SEQUENCE short_numbers_of_creators;
DROP SEQUENCE short_numbers_of_approvals;
DROP FUNCTION short_number(bigint);
DROP FUNCTION permute_number(bigint, integer, bigint);
DROP FUNCTION short_number_key();
