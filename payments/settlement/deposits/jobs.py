from gigstream.jobs.registry import job
from payments import services


@job
def observe_deposits() -> int:
    return services.observe_deposits()
