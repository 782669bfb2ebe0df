-- Number the linked accounts in an order that nobody can foresee.
INSERT INTO sybil_labels (worker_id, label)
SELECT worker_id, row_number() OVER (ORDER BY md5(worker_id::text || %(salt)s::text))
FROM (SELECT a AS worker_id FROM sybil_links UNION SELECT b FROM sybil_links) AS linked
