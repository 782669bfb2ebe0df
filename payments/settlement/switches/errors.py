from gigstream.core.errors import Refusal


class SwitchedAlready(Refusal):
    """Payouts of the scope are stopped, or go on, already."""

    code = "switched_already"
