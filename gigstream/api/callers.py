"""Callers of the API and their credentials."""

from dataclasses import dataclass
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from gigstream.api.rate_limit import Bucket

PLATFORM, WORKER = "platform", "worker"
CHALLENGE = 'Bearer realm="gigstream"'


@dataclass(frozen=True, slots=True)
class Caller:
    """A platform or worker with a valid credential. `scopes` is None for a credential without limits;
    `buckets` count its requests, the narrowest first."""

    kind: str
    row: Any
    scopes: frozenset[str] | None = None
    buckets: tuple[Bucket, ...] = ()

    @property
    def id(self) -> str:
        return str(self.row.pk)

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    def may(self, scope: str) -> bool:
        return self.scopes is None or scope in self.scopes


class BearerAuthentication(BaseAuthentication):
    """The base of authentications by `Authorization: Bearer …`; subclasses find the caller."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        word, _, text = request.headers.get("Authorization", "").partition(" ")
        if word.lower() != "bearer" or not text:
            return None
        caller = self.find(text, request)
        return None if caller is None else (caller.row, caller)

    def find(self, text: str, request: Request) -> Caller | None:
        """Return the caller of this credential; None if it is invalid or of another kind."""
        raise NotImplementedError

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE
