from gigstream.core.errors import Refusal


class ClaimedByAnother(Refusal):
    """An item that another member of staff has claimed."""

    code = "claimed_by_another"


class NotClaimed(Refusal):
    """An item without a claim that could be given back."""

    code = "not_claimed"
