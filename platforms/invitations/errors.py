from gigstream.core.errors import Refusal


class WorkerNotFound(Refusal):
    """The worker does not exist, or has not agreed to work for the platform."""

    code = "not_found"
    status = 404


class NoConsent(Refusal):
    """The worker does not work for the platform, so there is nothing to leave."""

    code = "not_found"
    status = 404


class InvitationRefused(Refusal):
    """The invitation is unknown, expired, used or was sent to another address."""

    code = "invitation_refused"
    status = 400


class TooManyInvitations(Refusal):
    """The platform has invited as many people as it may in a day."""

    code = "too_many_invitations"
    status = 429
