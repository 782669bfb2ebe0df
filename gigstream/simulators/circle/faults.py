"""Requested faults of the simulator.

A fault waits for calls of its kind: it lets `after` of them pass, then strikes `times` times. `fault` is the
failure of a call, `fate` the outcome of a transfer that a call creates, and `delivery` the failure of a
notification.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

# Before: the call has no effect. After: it has, and the caller gets no answer.
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
    # Duration of a timeout, value of Retry-After, or delay of a notification.
    seconds: float = 30.0

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Fault":
        """Return the fault that a body describes. Raises ValueError for any other body."""
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
        """Return the faults that strike this call, and count it."""
        with self._lock:
            struck = [fault for fault in self.waiting if self._hits(fault, call, about)]
            self.waiting = [fault for fault in self.waiting if fault.times > 0]
        return struck

    @staticmethod
    def _hits(fault: Fault, call: str, about: str) -> bool:
        if fault.call not in (call, "any") or fault.about not in about:
            return False
        if fault.after > 0:
            fault.after -= 1
            return False
        fault.times -= 1
        return True
