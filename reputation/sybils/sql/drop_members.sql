-- Drop the accounts that no tie links any more.
DELETE FROM sybil_cluster_members m
WHERE NOT EXISTS (SELECT FROM sybil_labels l WHERE l.worker_id = m.worker_id)
