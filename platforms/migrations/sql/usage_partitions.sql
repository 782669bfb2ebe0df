-- The tables of usage events and of their keys, which the initial migration makes whole, as partitioned tables; and
-- their upkeep by two functions of their owner, so that who reports usage need not own a table.
CREATE FUNCTION refuse_usage_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The keys of a month leave with its events.
    IF TG_OP = 'DELETE' AND current_setting('gigstream.detaching_usage', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'gigstream: % is append-only', TG_ARGV[0];
END $$;

CREATE FUNCTION refuse_usage_race(raced boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF raced THEN
        RAISE EXCEPTION 'another batch has reported the same likes' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN raced;
END $$;

ALTER TABLE usage_events RENAME TO usage_events_plain;
CREATE TABLE usage_events (
    LIKE usage_events_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    CONSTRAINT usage_events_key PRIMARY KEY (number, occurred_at)
) PARTITION BY RANGE (occurred_at);
DROP TABLE usage_events_plain;
CREATE INDEX usage_events_of_creator ON usage_events (creator_number, occurred_at);
CREATE TABLE usage_events_default PARTITION OF usage_events DEFAULT;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON usage_events
    FOR EACH ROW EXECUTE FUNCTION refuse_usage_change('usage_events');

ALTER TABLE usage_keys RENAME TO usage_keys_plain;
CREATE TABLE usage_keys (
    LIKE usage_keys_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    CONSTRAINT usage_keys_key PRIMARY KEY (platform_number, external_id)
) PARTITION BY HASH (platform_number, external_id);
DROP TABLE usage_keys_plain;
ALTER TABLE usage_keys ADD CONSTRAINT usage_key_digest_is_16_bytes CHECK (octet_length(content) = 16);
DO $$ BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format('CREATE TABLE usage_keys_%s PARTITION OF usage_keys FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                       lpad(part::text, 2, '0'), part);
    END LOOP;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON usage_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_usage_change('usage_keys');

-- Day rows change many times a day, within their page.
ALTER TABLE work_days SET (fillfactor = 60);
ALTER TABLE creator_days SET (fillfactor = 60);
ALTER TABLE platform_days SET (fillfactor = 60);
ALTER TABLE work_listener_days SET (fillfactor = 85);
ALTER TABLE creator_listener_days SET (fillfactor = 80);
ALTER TABLE platform_listener_days SET (fillfactor = 80);

-- Make the partition of a month, given by its first day, unless it is there; say whether it was made.
CREATE FUNCTION make_usage_month(month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE part text := 'usage_events_' || to_char(month, 'YYYY_MM');
BEGIN
    IF month <> date_trunc('month', month)::date THEN
        RAISE EXCEPTION '% is not the first day of a month', month;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('usage months', 0));
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Attached, and not made in its place: reports go on meanwhile.
    EXECUTE format('CREATE TABLE %I (LIKE usage_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE usage_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part,
                   month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
    RETURN true;
END $$;

-- Take the partition of a month and its keys away, once a file with all of its events is on record; return how many
-- events they were.
CREATE FUNCTION detach_usage_month(month date) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    part text := 'usage_events_' || to_char(month, 'YYYY_MM');
    found bigint;
    filed bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('usage months', 0));
    EXECUTE format('LOCK TABLE %I IN SHARE MODE', part);
    EXECUTE format('SELECT count(*) FROM %I', part) INTO found;
    SELECT events INTO filed FROM usage_archives a WHERE a.month = detach_usage_month.month AND a.attached_at IS NULL;
    IF filed IS DISTINCT FROM found THEN
        RAISE EXCEPTION 'gigstream: % has % events, and a file on record %', part, found, filed;
    END IF;
    PERFORM set_config('gigstream.detaching_usage', 'on', true);
    EXECUTE format('DELETE FROM usage_keys k USING %I e WHERE k.platform_number = e.platform_number'
                   ' AND k.external_id = e.external_id AND k.event_number = e.number', part);
    PERFORM set_config('gigstream.detaching_usage', '', true);
    EXECUTE format('ALTER TABLE usage_events DETACH PARTITION %I', part);
    EXECUTE format('DROP TABLE %I', part);
    RETURN found;
END $$;

-- The two months before the present one, which may be reported yet, this one and three more.
SELECT make_usage_month((date_trunc('month', money_clock() AT TIME ZONE 'UTC') + ahead * interval '1 month')::date)
FROM generate_series(-2, 3) AS ahead;
-- reverse
DROP FUNCTION detach_usage_month(date);
DROP FUNCTION make_usage_month(date);
ALTER TABLE usage_events RENAME TO usage_events_parts;
CREATE TABLE usage_events (LIKE usage_events_parts INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
DROP TABLE usage_events_parts;
ALTER TABLE usage_keys RENAME TO usage_keys_parts;
CREATE TABLE usage_keys (LIKE usage_keys_parts INCLUDING DEFAULTS);
DROP TABLE usage_keys_parts;
DROP FUNCTION refuse_usage_race(boolean);
DROP FUNCTION refuse_usage_change();
