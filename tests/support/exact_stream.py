"""A stream in whole micro-USDC and whole microseconds, written from the rules of streams alone.

It shares no code with the product: a stream must have paid the amounts that this model computes. The work
done is kept twice, as time less pauses and as the spans in which the stream ran; wherever the clock has
not stepped back the two must agree.
"""

from dataclasses import dataclass, field

SECOND = 10**6
DAY = 86_400
LONGEST = 30 * DAY
MOST = 10**20 - 1


class Refused(Exception):
    """An act that the rules do not allow, by the code of its refusal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class ExactStream:
    """Amounts in micro-USDC, times in microseconds since any zero, `duration` and `interval` in seconds."""

    total: int
    duration: int
    interval: int
    start: int
    status: str = "active"
    released: int = 0
    releases: int = 0
    refunded: int = 0
    paused_at: int | None = None
    paused_for: int = 0
    counted: int = 0
    first_total: int = field(init=False)
    first_duration: int = field(init=False)
    last_act: int = field(init=False)
    latest: int = field(init=False)
    spans: list[tuple[int, int]] = field(init=False, default_factory=list)
    running_since: int = field(init=False)

    def __post_init__(self) -> None:
        self.latest = self.running_since = self.last_act = self.start
        self.first_total, self.first_duration = self.total, self.duration

    @property
    def is_open(self) -> bool:
        return self.status in ("active", "paused")

    @property
    def held(self) -> int:
        """The amount that its escrow still reserves."""
        return self.total - self.released - self.refunded

    def elapsed(self, at: int) -> int:
        """Return whole seconds of work at `at`. All pauses that have ended come off, so a clock that
        stepped back behind a pause may pay late, never early."""
        worked = (at if self.paused_at is None else self.paused_at) - self.start - self.paused_for
        return min(max(worked // SECOND, 0), self.duration)

    def ran(self) -> int:
        """Whole seconds in which the stream has run until the latest instant it knows of."""
        total = sum(end - begin for begin, end in self.spans)
        if self.paused_at is None:
            total += self.latest - self.running_since
        return min(total // SECOND, self.duration)

    def vested(self, at: int) -> int:
        """Return the vested amount, to the second."""
        return self.total * self.elapsed(at) // self.duration

    def slots(self, at: int) -> int:
        """Return the seconds of the slots that have ended at `at`; the last slot may be short."""
        elapsed = self.elapsed(at)
        return elapsed if elapsed == self.duration else elapsed - elapsed % self.interval

    def owed(self, at: int) -> int:
        """Return the amount that the worker has or could have at `at`: the same for all ticks."""
        return max(self.vested(at), self.released)

    def see(self, at: int) -> None:
        """Note that the clock has stood at `at`."""
        self.latest = max(self.latest, at)
        if at == self.latest and self.is_open:
            assert self.elapsed(at) == self.ran(), "paused time is never counted"

    def tick(self, at: int) -> int:
        """Run the releaser and return its pay: the vested amount of the slots that ended by then, if a
        slot has ended since it was last paid."""
        self.see(at)
        slots = self.slots(at)
        if self.status != "active" or slots <= self.counted:
            return 0
        self._act(at)
        return self._pay(max(self.total * slots // self.duration - self.released, 0), slots)

    def claim(self, at: int) -> int:
        """Pay the vested amount to the second, paused or not; at or after the end everything."""
        self.see(at)
        if not self.is_open:
            raise Refused("stream_not_active")
        at = self._act(at)
        pay = self.vested(at) - self.released
        if pay <= 0:
            raise Refused("nothing_to_claim")
        return self._pay(pay, self.elapsed(at))

    def _act(self, at: int) -> int:
        """Return the time of an act: a clock that steps back is still as late as at the act before."""
        self.last_act = max(self.last_act, at)
        return self.last_act

    def settle(self, at: int) -> None:
        """Pay everything if the stream is at or after its end."""
        self.see(at)
        if self.status == "active" and self.elapsed(at) == self.duration:
            self._pay(self.total - self.released, self.duration)

    def _require_going_on(self, at: int) -> None:
        self.settle(at)
        if self.status == "completed":
            raise Refused("stream_completed")

    def _require_open(self) -> None:
        if not self.is_open:
            raise Refused("illegal_status")

    def _pay(self, pay: int, counted: int) -> int:
        self.counted = counted
        # The pay of a top-up before it brought the rate down is less than a second's pay ahead.
        ahead = self.total > self.first_total
        assert self.released + pay <= self.total * (self.ran() + ahead) // self.duration, "never early"
        self._release(pay)
        if self.released == self.total:
            self.status = "completed"
        return pay

    def _release(self, pay: int) -> None:
        assert pay >= 0, "never back"
        self.released += pay
        self.releases += pay > 0

    def pause(self, at: int) -> int:
        """Pause the stream; the vested amount to the second is paid first."""
        self._require_going_on(at)
        if self.status != "active":
            raise Refused("illegal_status")
        at = self._act(at)
        pay = self._pay(max(self.vested(at) - self.released, 0), self.elapsed(at))
        self.status = "paused"
        self.paused_at = at
        self.spans.append((self.running_since, at))
        return pay

    def resume(self, at: int) -> None:
        self._require_going_on(at)
        if self.status != "paused" or self.paused_at is None:
            raise Refused("illegal_status")
        at = self._act(at)
        self.status = "active"
        self.paused_for += at - self.paused_at
        self.paused_at = None
        self.running_since = at

    def top_up(self, added: int, at: int) -> int:
        """Move the end out at the first rate, by whole seconds, rounded down; pay first the amount that
        would no longer be vested, and return it."""
        self._require_going_on(at)
        if self.status != "active":
            raise Refused("stream_not_active")
        total = self.total + added
        duration = self.first_duration * total // self.first_total
        if duration == self.duration:
            raise Refused("top_up_too_small")
        if duration > LONGEST:
            raise Refused("invalid_schedule")
        at = self._act(at)
        before, pay = self.owed(at), 0
        if total * self.elapsed(at) // duration < before:
            pay = before - self.released
            self._release(pay)
        self.total, self.duration = total, duration
        assert self.owed(at) >= before, "what has vested stays"
        return pay

    def cancel(self, at: int) -> int:
        """Pay the vested amount to the second, give the rest back; return the pay."""
        self._require_going_on(at)
        self._require_open()
        at = self._act(at)
        return self.end(self.owed(at) - self.released)

    def complete(self, at: int) -> int:
        """Pay and return the remaining amount at once."""
        self.see(at)
        self._require_open()
        return self.end(self.total - self.released)

    def end(self, pay: int) -> int:
        """End the stream: `pay` is the last release, and the money held beyond it goes back."""
        self._release(pay)
        self.refunded = self.total - self.released
        self.status = "cancelled" if self.refunded else "completed"
        self.paused_at = None
        return pay
