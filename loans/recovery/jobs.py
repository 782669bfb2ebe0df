from gigstream.jobs.registry import job
from loans.recovery import services


@job
def mark_overdue_loans() -> int:
    return services.default_overdue_loans()
