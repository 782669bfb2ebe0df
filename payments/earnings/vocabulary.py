from audit.log.action_registry import register_actions
from payments.ledger import entry_kinds

EARNING = entry_kinds.register("earning", "Work paid", ("platform escrow", "worker available"), position=20)
REWARD = entry_kinds.register(
    "reward",
    "Reward",
    ("house rewards", "worker available"),
    ("platform escrow", "worker available"),
    position=30,
)
HOLD = entry_kinds.register(
    "hold", "Money held for work", ("platform available", "platform escrow"), position=120
)
FEE = entry_kinds.register("fee", "Platform fee", ("platform escrow", "house fees"), position=130)
REFUND = entry_kinds.register(
    "refund", "Money given back", ("platform escrow", "platform available"), position=140
)

register_actions({"reward.grant": "Reward granted"})
