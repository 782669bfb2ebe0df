from audit.jobs import job
from loans import services


@job
def mark_overdue_loans() -> int:
    return services.default_overdue_loans()
