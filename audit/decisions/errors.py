class UnregisteredRule(LookupError):
    """A decision under a rule, or a version of it, that is not in the register."""


class WrongInputs(ValueError):
    """A decision whose inputs are not exactly those that its rule lists."""


class UnknownOutcome(ValueError):
    """A decision with an outcome that its rule does not know."""
