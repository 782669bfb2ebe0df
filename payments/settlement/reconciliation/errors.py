from gigstream.core.errors import Refusal


class DiscrepancyResolved(Refusal):
    """The discrepancy is gone or explained already."""

    code = "discrepancy_resolved"
