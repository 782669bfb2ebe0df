from audit.log.action_registry import register_actions
from payments.ledger import entry_kinds

RELEASE = entry_kinds.register(
    "release", "Work released", ("platform escrow", "worker available"), position=10
)
ADJUSTMENT = entry_kinds.register("adjustment", "Correction", position=190)

register_actions({"ledger.adjust": "Ledger adjusted"})
