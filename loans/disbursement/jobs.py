from gigstream.jobs.registry import job
from loans.disbursement import services


@job
def disburse_loans() -> int:
    return services.disburse_approved_loans()
