from gigstream.core.errors import Refusal


class NothingOwed(Refusal):
    """The loan owes nothing, or is not being repaid."""

    code = "nothing_owed"


class SumChanged(Refusal):
    """The debt is no longer the sum that was agreed on: it needs another request."""

    code = "sum_changed"
