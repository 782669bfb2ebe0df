"""Jobs that process images, write to workers, end the terms of appeals, and delete what is not needed any
more."""

from gigstream.jobs.registry import job
from reputation.submissions import letters, services


@job
def process_submissions() -> int:
    return services.process_submissions()


@job
def end_appeal_terms() -> int:
    return services.end_appeal_terms()


@job
def erase_submissions() -> int:
    return services.erase_submissions()


@job
def delete_submission_images() -> int:
    return services.delete_old_images()


@job
def send_submission_notices() -> int:
    return letters.send_submission_notices()
