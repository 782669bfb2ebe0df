-- A loan that ledger entries belong to is not deleted.
CREATE TRIGGER subject_with_entries_stays BEFORE DELETE ON loans
FOR EACH ROW EXECUTE FUNCTION refuse_subject_with_entries();
-- reverse
DROP TRIGGER subject_with_entries_stays ON loans;
