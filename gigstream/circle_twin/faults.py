"""What the twin has been told to do wrong, and when.

A fault waits for calls of one kind: it lets `after` of them pass, then strikes `times` times. How a call goes
wrong is its `fault`, what becomes of a transfer that a call makes is its `fate`, and what happens to a
notification is its `delivery`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

# Before: nothing was done. After: all was done, and the caller does not learn of it.
CALL_FAULTS = (
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "error_before",
    "error_after",
    "busy",
    "garbage",
    "redirect",
    "huge",
    "drips",
)
FATES = (
    "stuck",
    "denied",
    "failed",
    "reverted",
    "no_gas",
    "screened",
    "skips_confirmed",
    "unheard_of",
    "wrong_amount",
    "wrong_address",
    "mined_anyway",
)
DELIVERIES = ("twice", "late", "last", "forged", "lost")


@dataclass
class Fault:
    call: str
    fault: str = ""
    fate: str = ""
    delivery: str = ""
    after: int = 0
    times: int = 1
    # Only calls whose body or path holds this text.
    about: str = ""
    # Seconds: how long a timeout holds the line, what Retry-After says, how late a notification comes.
    seconds: float = 30.0

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Fault":
        """Raises ValueError for what is not a fault."""
        unknown = set(body) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        made = cls(**body)
        for given, known in ((made.fault, CALL_FAULTS), (made.fate, FATES), (made.delivery, DELIVERIES)):
            if given and given not in known:
                raise ValueError(f"{given!r} is none of {', '.join(known)}")
        return made


@dataclass
class Faults:
    waiting: list[Fault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self.waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self.waiting.clear()

    def strike(self, call: str, about: str) -> list[Fault]:
        """The faults that strike this call."""
        with self._lock:
            struck = [one for one in self.waiting if self._hits(one, call, about)]
            self.waiting = [one for one in self.waiting if one.times > 0]
        return struck

    @staticmethod
    def _hits(one: Fault, call: str, about: str) -> bool:
        if one.call not in (call, "any") or one.about not in about:
            return False
        if one.after > 0:
            one.after -= 1
            return False
        one.times -= 1
        return True
