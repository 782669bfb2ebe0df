from gigstream.core.errors import Refusal


class UsageStoreUnavailable(Refusal):
    """The store of raw events does not answer, or answers with an error."""

    code = "usage_store_unavailable"
    status = 503


class UsageStoreUnset(Refusal):
    """No address of a store of raw events is set."""

    code = "usage_store_unset"


class UsageStoreIncomplete(Refusal):
    """The store has other events than were written to it."""

    code = "usage_store_incomplete"


class UsageStoreDiffers(Refusal):
    """The store counts a day of a creator otherwise than PostgreSQL."""

    code = "usage_store_differs"
