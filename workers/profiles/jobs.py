from gigstream.jobs.registry import job
from workers.signals import day_passed


@job
def update_account_ages() -> int:
    return sum(int(rows or 0) for _, rows in day_passed.send(sender=None, now=None))
