from gigstream.core.errors import Refusal


class ExportTooLarge(Refusal):
    """The list has more rows than a file may have."""

    code = "export_too_large"
    status = 422


class NotParked(Refusal):
    """The transfer is not waiting for staff."""

    code = "not_parked"
