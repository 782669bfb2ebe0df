"""Health of payouts in figures with thresholds: for /readyz, staff and `manage.py settlement_health`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum

from gigstream.core.money import usdc
from gigstream.remote_calls.selectors import call_figures, last_answer_at, services_with_open_breakers
from payments.models import PaymentSwitch, Reconciliation, SettlementAttempt, Transaction

WINDOW = timedelta(hours=1)
GOOD_RATE, CRITICAL_RATE = 90, 70
MOST_FAILURES = 10
LONGEST_ANSWER_MS = 30_000
LONGEST_GAP = timedelta(hours=2)
ORACLE = "oracle"


class State(IntEnum):
    GOOD = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the last hour, its threshold and its state."""

    name: str
    value: str
    limit: str
    state: State


@dataclass(frozen=True, slots=True)
class Health:
    figures: list[Figure]

    @property
    def state(self) -> State:
        """State of the worst figure."""
        return max(figure.state for figure in self.figures)

    def text(self) -> str:
        """Return "ok", or the figures that are not good."""
        worse = [figure for figure in self.figures if figure.state != State.GOOD]
        if not worse:
            return "ok"
        found = ", ".join(f"{figure.name} {figure.value} ({figure.limit})" for figure in worse)
        return f"{self.state.name.lower()}: {found}"


def settlement_health(now: datetime) -> Health:
    """Return the figures at `now`: calls of the last hour, waiting payouts, breakers, switches, treasury."""
    calls = call_figures(SettlementAttempt, after=now - WINDOW, until=now)
    return Health(
        [
            _success_rate(calls.calls, calls.failed),
            _figure_within("failures in an hour", calls.failed, MOST_FAILURES, str),
            _figure_within(
                "mean answer", calls.mean_milliseconds, LONGEST_ANSWER_MS, lambda ms: f"{ms / 1000:.1f} s"
            ),
            _waiting_gap(now),
            _open_breakers(),
            _stopped_switches(),
            _treasury_figure(),
        ]
    )


def _success_rate(calls: int, failed: int) -> Figure:
    rate = 100 * (calls - failed) // calls if calls else 100
    state = State.GOOD if rate >= GOOD_RATE else State.WARNING if rate >= CRITICAL_RATE else State.CRITICAL
    return Figure(
        "success rate", f"{rate} %", f"good from {GOOD_RATE} %, critical below {CRITICAL_RATE} %", state
    )


def _figure_within(name: str, value: float, limit: float, text: Callable[[float], str]) -> Figure:
    """Return a figure that is good up to the limit, and critical beyond twice the limit."""
    state = State.GOOD if value <= limit else State.WARNING if value <= 2 * limit else State.CRITICAL
    return Figure(name, text(value), f"at most {text(limit)}", state)


def _waiting_gap(now: datetime) -> Figure:
    """Return the time since a call last succeeded, while a payout waits."""
    waiting = Transaction.objects.outgoing().filter(status="pending").order_by("created_at").first()
    if waiting is None:
        return Figure("gap", "nothing waits", f"at most {LONGEST_GAP}", State.GOOD)
    last = last_answer_at(SettlementAttempt, until=now)
    seconds = (now - max(filter(None, [waiting.created_at, last]))).total_seconds()
    limit = LONGEST_GAP.total_seconds()
    return _figure_within("gap", seconds, limit, lambda value: str(timedelta(seconds=int(value))))


def _open_breakers() -> Figure:
    # Records on the chain have a breaker and a health of their own.
    names = ", ".join(name for name in services_with_open_breakers() if name != ORACLE)
    return Figure("breakers", names or "closed", "closed", State.WARNING if names else State.GOOD)


def _stopped_switches() -> Figure:
    off = [str(switch) for switch in PaymentSwitch.objects.filter(on_at=None)]
    return Figure("stopped", ", ".join(off) or "nothing", "nothing", State.WARNING if off else State.GOOD)


def _treasury_figure() -> Figure:
    """Return the amount that the wallets lacked at the last comparison with the ledger."""
    last = Reconciliation.objects.filter(treasury__isnull=False).order_by("-pk").first()
    if last is None or last.treasury is None:
        return Figure("treasury", "not compared yet", "nothing missing", State.GOOD)
    short = Decimal(last.treasury["short"])
    value = f"{usdc(short)} missing" if short else "nothing missing"
    return Figure("treasury", value, "nothing missing", State.CRITICAL if short else State.GOOD)
