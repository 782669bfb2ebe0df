from audit.log.action_registry import register_actions
from payments.ledger import entry_kinds

DEPOSIT = entry_kinds.register("deposit", "Deposit", ("house outside", "platform available"), position=110)

register_actions(
    {
        "deposit": "Deposit booked",
        "deposit.credit_observed": "Observed transfer credited",
        "deposit.unknown_platform": "Deposit of an unknown platform",
        "deposit.vanished": "Deposit vanished from the chain",
    }
)
