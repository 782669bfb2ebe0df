from gigstream.core.errors import Refusal


class SamePerson(Refusal):
    """An action of two people that the same person requests and approves."""

    code = "same_person"


class NotPermitted(Refusal):
    """An action of a kind for which the actor has no permission."""

    code = "permission_missing"
    status = 403


class RequestedAlready(Refusal):
    """A request for an action that waits for a second person already."""

    code = "requested_already"


class DecidedAlready(Refusal):
    """The request was approved, refused or withdrawn, or its time has passed."""

    code = "decided_already"


class PayloadChanged(Refusal):
    """The action differs from the request."""

    code = "payload_changed"
