-- Empty the evidence on the events of a worker who is being erased.
UPDATE quest_events SET evidence = '{}', hold_evidence = '{}', factor_evidence = '{}'
WHERE worker_id = %(worker)s::uuid
  AND (evidence <> '{}' OR hold_evidence <> '{}' OR factor_evidence <> '{}')
