"""Who is acting now, carried through the call without being passed from hand to hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from audit.enums import ActorType


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts. `id` is empty for the system."""

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


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Everything done inside is done by `actor`."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def acting_as(type_: ActorType, id_: str) -> Iterator[None]:
    """Everything done inside is done by this party, in the request that is going on."""
    with acting(replace(current_actor(), type=type_, id=id_)):
        yield
