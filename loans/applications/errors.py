from gigstream.core.errors import Refusal


class OpenLoanExists(Refusal):
    """A worker has at most one open loan."""

    code = "open_loan_exists"


class NotEligible(Refusal):
    """The risk assessment speaks against an advance."""

    code = "not_eligible"


class TermsChanged(Refusal):
    """The terms that the worker accepts are not those of the advance now: they are to be read anew."""

    code = "terms_changed"


class AdvanceOutOfRange(Refusal):
    """The advance is below the smallest one or above what the forecast and the score allow."""

    code = "advance_out_of_range"


class StaffNeeded(Refusal):
    """The system approves small advances at a high score only; staff decide on the others."""

    code = "staff_needed"


class NotYourPlatform(Refusal):
    """Only a platform that the worker works for, or has worked for, can be notified of an advance."""

    code = "not_your_platform"
    status = 422


class InvalidTerms(Refusal):
    """The fee is outside 0 to 10 %."""

    code = "invalid_terms"
    status = 422
