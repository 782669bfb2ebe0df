from gigstream.lib.errors import Refusal


class WorkerSuspended(Refusal):
    """A suspended worker takes no work and no money until staff reinstate them."""

    code = "worker_suspended"


class WorkerDeleted(Refusal):
    """The worker's account has been closed."""

    code = "worker_deleted"


class EmailTaken(Refusal):
    """Another worker has this email address."""

    code = "email_taken"


class WalletTaken(Refusal):
    """Another worker is paid at this address."""

    code = "wallet_taken"
