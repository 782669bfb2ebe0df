from audit import answers, approvals, books, letters, notices, sealing
from audit.jobs import job, ring_overdue


@job
def seal_audit_log() -> int:
    return sealing.seal()


@job
def check_books() -> int:
    """Returns how many violations there are: they are for people to look into, so the job itself succeeds."""
    results = books.check_books()
    books.record(results)
    return sum(result.violations for result in results)


@job
def sweep_answers() -> int:
    return answers.sweep()


@job
def sweep_letters() -> int:
    return letters.sweep()


@job
def expire_approvals() -> int:
    return approvals.expire()


@job
def send_approval_notices() -> int:
    return notices.send_approval_notices()


@job
def ring_overdue_jobs() -> int:
    return ring_overdue()
