from payments.ledger import entry_kinds

WRITE_OFF = entry_kinds.register(
    "write_off", "Advance written off", ("house losses", "worker loan"), position=100
)
