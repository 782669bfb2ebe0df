"""Faults of the network, struck at the next calls of an endpoint."""

import threading
from dataclasses import dataclass, field

KINDS = ("slow", "drips", "error", "huge", "html", "redirect", "garbage", "empty", "reset", "wrong_state")


@dataclass(slots=True)
class Fault:
    """A fault of the next `times` calls of the endpoint `at`."""

    at: str
    kind: str
    times: int = 1
    seconds: float = 1.0


@dataclass(slots=True)
class Faults:
    waiting: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Add the fault. Raise ValueError for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown kind: {fault.kind}")
        with self.lock:
            self.waiting.append(fault)

    def strike(self, at: str) -> Fault | None:
        """Return the fault of this call, and count it."""
        with self.lock:
            for fault in self.waiting:
                if fault.at == at:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.waiting.remove(fault)
                    return fault
        return None
