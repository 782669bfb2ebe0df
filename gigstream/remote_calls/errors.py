"""Errors of calls to outside services: unavailable, so repeat the call under its key, or refused for good."""

from gigstream.remote_calls.enums import ErrorClass


class RemoteCallError(Exception):
    """A call that did not end with the service's answer to it."""

    error_class: str


class ServiceUnavailable(RemoteCallError):
    """No answer: the outcome of the call is unknown. Repeat it with the same key.

    `sent` is False only when the request cannot have reached the service, or had no effect there.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent
        self.error_class = ErrorClass.UNKNOWN_OUTCOME if sent else ErrorClass.NETWORK


class ServiceBusy(ServiceUnavailable):
    """The service did nothing and accepts no call for `retry_after` seconds, None where it names no time."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, sent=False)
        self.retry_after = retry_after


class CredentialsRefused(ServiceUnavailable):
    """The service did nothing, since it does not know us: every call fails so until a person has looked."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)
        self.error_class = ErrorClass.CREDENTIALS


class CallRefused(RemoteCallError):
    """The service will not do this, now or later: a person must look."""

    def __init__(self, message: str, *, error_class: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.code = code
        self.status = status
