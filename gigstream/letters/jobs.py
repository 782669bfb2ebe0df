from gigstream.jobs.registry import job
from gigstream.letters.services import sweep_ended_letters


@job
def sweep_letters() -> int:
    return sweep_ended_letters()
