"""The job that writes when API keys were last used."""

from gigstream.jobs.registry import job
from platforms import services


@job
def write_key_uses() -> int:
    return services.write_key_uses()
