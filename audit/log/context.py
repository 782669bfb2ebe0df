"""The present actor and their reason, as context of a call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from audit.log.enums import ActorType


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor. `id` is empty for the system."""

    type: ActorType
    id: str = ""
    ip_address: str | None = None
    user_agent: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        return f"{self.type}:{self.id}" if self.id else str(self.type)


SYSTEM = Actor(ActorType.SYSTEM)
_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    return _actor.get()


@dataclass(frozen=True, slots=True)
class Grounds:
    """Grounds of an action, for each line that it leaves in the log: the reason, and the approval with its
    requester, if there is any."""

    reason: str
    approval_id: str = ""
    requested_by: str = ""

    def as_metadata(self) -> dict[str, str]:
        named = {"reason": self.reason, "approval": self.approval_id, "requested_by": self.requested_by}
        return {name: value for name, value in named.items() if value}


_grounds: ContextVar[Grounds | None] = ContextVar("grounds", default=None)


def current_grounds() -> Grounds | None:
    return _grounds.get()


@contextmanager
def because(grounds: Grounds) -> Iterator[None]:
    """Give these grounds to all that is done inside."""
    token = _grounds.set(grounds)
    try:
        yield
    finally:
        _grounds.reset(token)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Make `actor` the actor of all that is done inside."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def acting_as(type_: ActorType, id_: str) -> Iterator[None]:
    """Make this party the actor of all that is done inside, within the present request."""
    with acting(replace(current_actor(), type=type_, id=id_)):
        yield
