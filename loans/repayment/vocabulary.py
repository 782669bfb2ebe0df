from payments.ledger import entry_kinds

REPAYMENT = entry_kinds.register(
    "repayment", "Repayment of an advance", ("worker available", "worker loan"), position=60
)
