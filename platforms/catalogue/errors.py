from gigstream.core.errors import Refusal


class CreatorExists(Refusal):
    """The worker has a creator profile on the platform already."""

    code = "creator_exists"


class CreatorNotFound(Refusal):
    """The platform has no such creator."""

    code = "not_found"
    status = 404


class CreatorClosed(Refusal):
    """A closed creator gets no works and is not changed."""

    code = "creator_closed"


class WorkNotFound(Refusal):
    """The platform has no such work."""

    code = "not_found"
    status = 404


class WorkExternalIdTaken(Refusal):
    """The platform has another work under this external id."""

    code = "work_external_id_taken"


class WorkWithdrawn(Refusal):
    """A work that was withdrawn is not changed, moved or put into a collection."""

    code = "work_withdrawn"


class WorkNotMoved(Refusal):
    """The work is this creator's already."""

    code = "work_not_moved"


class InvalidPublicationDay(Refusal):
    """A work is published today or was before."""

    code = "invalid_publication_day"
    status = 422


class InvalidPositions(Refusal):
    """The positions of a collection are 1 to n, each once, and each work stands in it once."""

    code = "invalid_positions"
    status = 422


class CollectionOwnerMissing(Refusal):
    """A collection belongs either to a creator or to a listener."""

    code = "collection_has_one_owner"
    status = 422


class InvalidListenerId(Refusal):
    """A platform's id of a listener is a text of 1 to 200 characters."""

    code = "invalid_listener_id"
    status = 422


class ListenerNotFound(Refusal):
    """The platform has no listener under this id."""

    code = "not_found"
    status = 404


class AlreadyFollowing(Refusal):
    """The listener follows the creator already."""

    code = "already_following"


class NotFollowing(Refusal):
    """The listener does not follow the creator."""

    code = "not_following"
