from audit.jobs import job
from workers import services
from workers.signals import day_passed


@job
def update_account_ages() -> int:
    return sum(int(rows or 0) for _, rows in day_passed.send(sender=None, now=None))


@job
def send_registrations() -> int:
    return services.send_registrations()


@job
def send_password_resets() -> int:
    return services.send_password_resets()


@job
def send_wallet_notices() -> int:
    return services.send_wallet_notices()


@job
def apply_wallet_changes() -> int:
    return services.apply_wallet_changes()


@job
def sweep_sign_in() -> int:
    return services.sweep_sign_in()
