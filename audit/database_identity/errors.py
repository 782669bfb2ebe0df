from gigstream.core.errors import Refusal


class DatabaseMismatch(Refusal):
    """A database of another kind, test or live, or for another provider than the settings name."""

    code = "database_mismatch"
    status = 503
