from gigstream.core.errors import Refusal


class WorkerSuspended(Refusal):
    """The worker is suspended: no work and no money until staff reinstate them."""

    code = "worker_suspended"


class WorkerDeleted(Refusal):
    """The worker's account has been closed."""

    code = "worker_deleted"


class EmailTaken(Refusal):
    """Another worker has this email address."""

    code = "email_taken"


class CountryChangedRecently(Refusal):
    """A worker's country changes at most once in 90 days."""

    code = "country_changed_recently"
