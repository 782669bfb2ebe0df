from gigstream.core.errors import Refusal


class IdentityTaken(Refusal):
    """The account is an identity of another worker, or the address at which another worker is paid."""

    code = "identity_taken"


class TooManyIdentities(Refusal):
    """A worker has at most ten identities."""

    code = "too_many_identities"
