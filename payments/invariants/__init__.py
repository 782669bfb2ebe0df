"""What must hold between the ledger, the streams, the tasks and the transactions."""

from payments.invariants import ledger, parts, streams, task_payouts, tasks, transactions

__all__ = ["ledger", "parts", "streams", "task_payouts", "tasks", "transactions"]
