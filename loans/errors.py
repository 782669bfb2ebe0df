from gigstream.lib.errors import Refusal


class OpenLoanExists(Refusal):
    """A worker has at most one open loan."""

    code = "open_loan_exists"


class NotEligible(Refusal):
    """The risk assessment speaks against an advance."""

    code = "not_eligible"


class AdvanceOutOfRange(Refusal):
    """The advance is below the smallest one or above what the forecast and the score allow."""

    code = "advance_out_of_range"


class NothingOwed(Refusal):
    """The loan owes nothing, or is not being repaid."""

    code = "nothing_owed"


class InvalidTerms(Refusal):
    """The fee is outside 0 to 10 %."""

    code = "invalid_terms"
    status = 422
