from gigstream.core.errors import Refusal


class UnknownNetwork(Refusal):
    """Accounts of this social network are not linked here."""

    code = "unknown_network"
    status = 400


class StateRefused(Refusal):
    """The state of the authorization is unknown, expired, used before or of another worker."""

    code = "social_state_refused"
    status = 400


class CodeRefused(Refusal):
    """The network refuses the code: it is forged, expired, used before or of another authorization; or it
    does not name its user."""

    code = "social_code_refused"
    status = 400


class NetworkUnavailable(Refusal):
    """The network gives no usable answer, or has given none so often that it is not called for a while."""

    code = "social_network_unavailable"
    status = 503


class SocialAccountTaken(Refusal):
    """The account of the network is linked to another worker; both are notified."""

    code = "social_account_taken"


class SocialAccountReserved(Refusal):
    """Another worker has unlinked the account of the network less than 30 days ago."""

    code = "social_account_reserved"


class NetworkLinked(Refusal):
    """The worker has linked another account of this network."""

    code = "social_network_linked"
