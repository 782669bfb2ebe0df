"""What must hold between the ledger, the streams, the tasks and the transactions."""

from payments.invariants import ledger, streams, tasks, transactions

__all__ = ["ledger", "streams", "tasks", "transactions"]
