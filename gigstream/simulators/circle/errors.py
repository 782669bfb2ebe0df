"""Refusals in Circle's form: a status, a number and a sentence."""

from collections.abc import Mapping

INVALID = 2
FORBIDDEN = 3
UNAUTHORIZED = 401
NOT_FOUND = 404
CONFLICT = 409
BUSY = 429
INSUFFICIENT_BALANCE = 155201
NOT_IN_THIS_STATE = 155207
BLOCKED_ADDRESS = 155219
SECRET_INVALID = 156013
SECRET_REUSED = 156015
SECRET_TAKEN = 156016


class ApiError(Exception):
    def __init__(
        self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def invalid_request(message: str) -> ApiError:
    return ApiError(400, INVALID, message)


def not_found(noun: str) -> ApiError:
    return ApiError(404, NOT_FOUND, f"there is no such {noun}")
