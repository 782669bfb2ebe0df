"""The beat's doors to the payments services."""

from audit.jobs import job
from payments import services


@job
def release_due_streams(lane: int = 0, lanes: int = 1) -> int:
    return services.release_due_streams(lane=lane, lanes=lanes)


@job
def end_long_pauses() -> int:
    return services.end_long_pauses()


@job
def create_due_payouts() -> int:
    return services.create_due_payouts()


@job
def submit_payouts() -> int:
    return services.submit_payouts()


@job
def poll_settlements() -> int:
    return services.poll_settlements()


@job
def verify_notifications() -> int:
    return services.verify_notifications()


@job
def create_wallets() -> int:
    return services.create_wallets()


@job
def observe_deposits() -> int:
    return services.observe_deposits()


@job
def send_withdrawal_notices() -> int:
    return services.send_withdrawal_notices()


@job
def reconcile_settlements() -> int:
    return services.reconcile_settlements()


@job
def close_transaction_days() -> int:
    return services.close_transaction_days()


@job
def send_hold_notices() -> int:
    return services.send_hold_notices()
