from gigstream.core.errors import Refusal


class DistributionNotFound(Refusal):
    """A distribution that the caller cannot see, or that never was."""

    code = "not_found"
    status = 404


class InvalidDistribution(Refusal):
    """The days of the distribution are in the wrong order, too many, or not yet begun."""

    code = "invalid_distribution"
    status = 422


class DistributionWithoutUse(Refusal):
    """A distribution for days on which nothing was played that counts: the weights sum to zero."""

    code = "distribution_without_use"


class ListenersNotKnown(Refusal):
    """Days of a user-centric distribution that are so old that only the number of listeners is known."""

    code = "listeners_not_known"


class DistributionNotDraft(Refusal):
    """The distribution was approved, paid or cancelled already."""

    code = "distribution_not_draft"


class MetricsStale(Refusal):
    """The use of the distribution's days is not final yet, or has changed since the draft."""

    code = "metrics_stale"


class PoolNotFound(Refusal):
    """A pool that the caller cannot see, or that never was."""

    code = "not_found"
    status = 404


class PoolNameTaken(Refusal):
    """The platform has another pool of this name."""

    code = "pool_name_taken"


class PoolNotOpen(Refusal):
    """The pool is closing or closed."""

    code = "pool_not_open"


class PoolHasNoMembers(Refusal):
    """Money for a pool of which nobody holds units."""

    code = "pool_has_no_members"


class PoolTooLarge(Refusal):
    """The units of all members together, or all money of the pool, would be too many to count."""

    code = "pool_too_large"
    status = 422


class RoyaltiesNotPaid(Refusal):
    """The worker is still owed pay for the use of works."""

    code = "royalties_not_paid"
