-- A row that ledger entries belong to is not deleted: a subject has no foreign key, which each entry would have to check.
-- The two looks go to the two indexes, that of releases and that of all other entries.
CREATE FUNCTION refuse_subject_with_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_entries e WHERE e.subject_id = OLD.id AND e.sequence IS NULL)
        OR EXISTS (SELECT FROM ledger_entries e WHERE e.subject_id = OLD.id AND e.sequence IS NOT NULL)
    THEN
        RAISE EXCEPTION 'delete on table "%" violates foreign key constraint of ledger_entries', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'subject_with_entries_stays';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER subject_with_entries_stays BEFORE DELETE ON tasks
FOR EACH ROW EXECUTE FUNCTION refuse_subject_with_entries();

CREATE TRIGGER subject_with_entries_stays BEFORE DELETE ON streams
FOR EACH ROW EXECUTE FUNCTION refuse_subject_with_entries();
-- reverse
DROP TRIGGER subject_with_entries_stays ON streams;
DROP TRIGGER subject_with_entries_stays ON tasks;
DROP FUNCTION refuse_subject_with_entries();
