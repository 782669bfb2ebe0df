from audit.jobs import job
from loans import services


@job
def disburse_loans() -> int:
    return services.disburse_approved_loans()


@job
def mark_overdue_loans() -> int:
    return services.default_overdue_loans()
