"""How payouts are doing, in figures with thresholds: for /readyz, staff and `manage.py settlement_health`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum

from django.db.models import Avg, Count, Q

from gigstream.lib.money import usdc
from payments.enums import BreakerState
from payments.models import PaymentSwitch, ProviderBreaker, Reconciliation, SettlementAttempt, Transaction

WINDOW = timedelta(hours=1)
GOOD_RATE, CRITICAL_RATE = 90, 70
MOST_FAILURES = 10
LONGEST_ANSWER_MS = 30_000
LONGEST_GAP = timedelta(hours=2)


class State(IntEnum):
    GOOD = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the last hour, and what it means."""

    name: str
    value: str
    limit: str
    state: State


@dataclass(frozen=True, slots=True)
class Health:
    figures: list[Figure]

    @property
    def state(self) -> State:
        """That of the worst figure."""
        return max(figure.state for figure in self.figures)

    def text(self) -> str:
        """ "ok", or what is not."""
        worse = [figure for figure in self.figures if figure.state != State.GOOD]
        if not worse:
            return "ok"
        found = ", ".join(f"{figure.name} {figure.value} ({figure.limit})" for figure in worse)
        return f"{self.state.name.lower()}: {found}"


def settlement_health(now: datetime) -> Health:
    """The figures at `now`: calls to providers of the last hour, what waits, breakers and switches."""
    calls = SettlementAttempt.objects.filter(
        started_at__gt=now - WINDOW, started_at__lte=now, ended_at__isnull=False
    ).aggregate(
        all=Count("id"), failed=Count("id", filter=Q(error_class__isnull=False)), mean=Avg("milliseconds")
    )
    return Health(
        [
            _success_rate(calls["all"], calls["failed"]),
            _limited("failures in an hour", calls["failed"], MOST_FAILURES, str),
            _limited("mean answer", calls["mean"] or 0, LONGEST_ANSWER_MS, lambda ms: f"{ms / 1000:.1f} s"),
            _gap(now),
            _breakers(),
            _switches(),
            _treasury(),
        ]
    )


def _success_rate(calls: int, failed: int) -> Figure:
    rate = 100 * (calls - failed) // calls if calls else 100
    state = State.GOOD if rate >= GOOD_RATE else State.WARNING if rate >= CRITICAL_RATE else State.CRITICAL
    return Figure(
        "success rate", f"{rate} %", f"good from {GOOD_RATE} %, critical below {CRITICAL_RATE} %", state
    )


def _limited(name: str, value: float, limit: float, text: Callable[[float], str]) -> Figure:
    """Good up to the limit, critical beyond twice the limit."""
    state = State.GOOD if value <= limit else State.WARNING if value <= 2 * limit else State.CRITICAL
    return Figure(name, text(value), f"at most {text(limit)}", state)


def _gap(now: datetime) -> Figure:
    """For how long nothing has got through although something waits."""
    waiting = Transaction.objects.outgoing().filter(status="pending").order_by("created_at").first()
    if waiting is None:
        return Figure("gap", "nothing waits", f"at most {LONGEST_GAP}", State.GOOD)
    answered = SettlementAttempt.objects.filter(
        started_at__lte=now, error_class__isnull=True, ended_at__isnull=False
    )
    last = answered.order_by("-started_at").values_list("ended_at", flat=True).first()
    seconds = (now - max(filter(None, [waiting.created_at, last]))).total_seconds()
    return _limited("gap", seconds, LONGEST_GAP.total_seconds(), lambda one: str(timedelta(seconds=int(one))))


def _breakers() -> Figure:
    open_ = ProviderBreaker.objects.exclude(state=BreakerState.CLOSED).values_list("provider", flat=True)
    names = ", ".join(open_)
    return Figure("breakers", names or "closed", "closed", State.WARNING if names else State.GOOD)


def _switches() -> Figure:
    off = [str(switch) for switch in PaymentSwitch.objects.filter(on_at=None)]
    return Figure("stopped", ", ".join(off) or "nothing", "nothing", State.WARNING if off else State.GOOD)


def _treasury() -> Figure:
    """What the wallets lacked at the last look, of what the ledger says they hold."""
    last = Reconciliation.objects.filter(treasury__isnull=False).order_by("-pk").first()
    if last is None or last.treasury is None:
        return Figure("treasury", "not looked at", "nothing missing", State.GOOD)
    short = Decimal(last.treasury["short"])
    told = f"{usdc(short)} missing" if short else "nothing missing"
    return Figure("treasury", told, "nothing missing", State.CRITICAL if short else State.GOOD)
