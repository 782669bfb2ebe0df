from gigstream.jobs.registry import job, list_jobs, nudge_overdue


@job
def nudge_overdue_jobs() -> int:
    """Nudge overdue jobs; each job of the schedule has a row from then on, so that staff see it."""
    list_jobs()
    return nudge_overdue()
