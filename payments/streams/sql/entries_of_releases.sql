-- The ledger entries of these releases, each by its stream and its number.
SELECT e.id, e.subject_id AS stream_id, e.sequence
FROM unnest(%(streams)s::uuid[], %(sequences)s::integer[]) AS release(stream_id, sequence)
JOIN ledger_entries e ON e.subject_id = release.stream_id AND e.sequence = release.sequence
