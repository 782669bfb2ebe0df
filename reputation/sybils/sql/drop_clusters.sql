-- Drop the clusters that have no accounts any more.
DELETE FROM sybil_clusters c
WHERE NOT EXISTS (SELECT FROM sybil_cluster_members m WHERE m.cluster_id = c.id)
