-- Give each account the label at which its own has arrived.
UPDATE sybil_labels l SET label = r.root FROM sybil_roots r WHERE r.label = l.label AND r.root <> l.label
