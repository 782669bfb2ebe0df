-- Who looks into a break has claimed it: the claim of a closed one has ended. Where somebody has claimed an open
-- one since, it stays theirs. Whoever is no member of staff can claim nothing, and is named in the note.
INSERT INTO claims (subject_type, subject_id, claimed_by, claimed_at, reason, ended_at, ended_by)
SELECT 'reconciliationbreak', b.id::text, substr(b.owner, 7), b.updated_at, '',
       CASE WHEN b.resolved_at IS NOT NULL THEN greatest(b.resolved_at, b.updated_at) END, ''
FROM reconciliation_breaks b
WHERE b.owner ~ '^staff:[0-9]+$' AND NOT EXISTS (
    SELECT 1 FROM claims c
    WHERE c.subject_type = 'reconciliationbreak' AND c.subject_id = b.id::text
      AND c.claimed_by = substr(b.owner, 7) AND c.claimed_at >= b.updated_at)
ON CONFLICT DO NOTHING;
UPDATE reconciliation_breaks SET note = concat_ws(' ', nullif(note, ''), '(' || owner || ')')
WHERE owner <> '' AND owner !~ '^staff:[0-9]+$';
-- reverse
UPDATE reconciliation_breaks b SET owner = 'staff:' || newest.claimed_by
FROM (
    SELECT DISTINCT ON (subject_id) subject_id, claimed_by FROM claims
    WHERE subject_type = 'reconciliationbreak' ORDER BY subject_id, claimed_at DESC, id DESC
) newest
WHERE newest.subject_id = b.id::text;
