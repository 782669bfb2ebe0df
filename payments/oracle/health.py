"""Health of the oracle in figures with thresholds: for /readyz, platforms, staff and `manage.py
oracle_status`."""

from datetime import datetime, timedelta

from gigstream.core.money import usdc
from gigstream.remote_calls.enums import BreakerState
from gigstream.remote_calls.models import CircuitBreaker
from payments.models import ChainOperation
from payments.oracle.calculations import DEAD_FOR, is_at_least, percent_text
from payments.oracle.enums import OperationStatus, Trouble
from payments.oracle.selectors.figures import SyncFigures, sync_figures
from payments.oracle.services.gas import read_budget
from payments.oracle.services.providers import SERVICE
from payments.settlement.health import Figure, Health, State

GOOD_RATE, CRITICAL_RATE = 90, 70
WARNING_FAILURES, CRITICAL_FAILURES = 10, 20
LONGEST_ANSWER_MS = 30_000
LONGEST_GAP = timedelta(hours=2)
WARNING_BUDGET = 80
# Figures of service that are promised.
RELIABILITY, FAILED_TRANSACTIONS, LONGEST_DELAY = 95, 5, timedelta(hours=1)
USUAL_HOURS = 1


def oracle_health(now: datetime, *, hours: int = USUAL_HOURS) -> Health:
    """Return the health of all platforms' operations at `now`, by the calls of the last hours."""
    figures = sync_figures(hours=hours, now=now)
    return Health([*_figures_of_sync(figures, now), _breaker(), _budget(now), *_faults(figures)])


def platform_health(figures: SyncFigures, now: datetime) -> Health:
    """Return the health of a platform's own operations, whose figures these are."""
    return Health(_figures_of_sync(figures, now))


def service_figures(figures: SyncFigures) -> list[Figure]:
    """Return the figures of service: reliability, failed transactions and delay."""
    ended = figures.confirmed + figures.dead
    failed, transactions = figures.failed_transactions
    delay = timedelta(seconds=figures.longest_delay)
    return [
        _promise(
            "reliability",
            f"{percent_text(figures.confirmed, ended)} %",
            f"above {RELIABILITY} %",
            kept=not ended or 100 * figures.confirmed > RELIABILITY * ended,
        ),
        _promise(
            "failed transactions",
            f"{percent_text(failed, transactions) if transactions else '0.0'} %",
            f"below {FAILED_TRANSACTIONS} %",
            kept=100 * failed < FAILED_TRANSACTIONS * transactions or not failed,
        ),
        _promise("delay", str(delay), f"below {LONGEST_DELAY}", kept=delay < LONGEST_DELAY),
    ]


def _promise(name: str, value: str, limit: str, *, kept: bool) -> Figure:
    return Figure(name, value, limit, State.GOOD if kept else State.WARNING)


def _figures_of_sync(figures: SyncFigures, now: datetime) -> list[Figure]:
    return [
        _success_rate(figures),
        _failures(figures.failures_of_last_hour),
        _mean_answer(figures.calls.mean_milliseconds),
        _gap(figures.gap(now)),
    ]


def _success_rate(figures: SyncFigures) -> Figure:
    good, calls = figures.calls.calls - figures.calls.failed, figures.calls.calls
    state = State.CRITICAL
    if is_at_least(good, calls, GOOD_RATE):
        state = State.GOOD
    elif is_at_least(good, calls, CRITICAL_RATE):
        state = State.WARNING
    limit = f"good from {GOOD_RATE} %, critical below {CRITICAL_RATE} %"
    return Figure("success rate", f"{percent_text(good, calls)} %", limit, state)


def _failures(count: int) -> Figure:
    state = State.GOOD if count < WARNING_FAILURES else State.WARNING
    state = state if count < CRITICAL_FAILURES else State.CRITICAL
    limit = f"good below {WARNING_FAILURES}, critical from {CRITICAL_FAILURES}"
    return Figure("failures in an hour", str(count), limit, state)


def _mean_answer(milliseconds: float) -> Figure:
    state = State.GOOD if milliseconds < LONGEST_ANSWER_MS else State.WARNING
    state = state if milliseconds < 2 * LONGEST_ANSWER_MS else State.CRITICAL
    seconds = LONGEST_ANSWER_MS // 1000
    return Figure("mean answer", f"{milliseconds / 1000:.1f} s", f"below {seconds} s", state)


def _gap(gap: timedelta) -> Figure:
    state = State.GOOD if gap <= LONGEST_GAP else State.WARNING
    state = state if gap <= 2 * LONGEST_GAP else State.CRITICAL
    value = str(timedelta(seconds=int(gap.total_seconds()))) if gap else "nothing waits"
    return Figure("gap", value, f"at most {LONGEST_GAP}", state)


def _breaker() -> Figure:
    row = CircuitBreaker.objects.filter(pk=SERVICE).first()
    state = BreakerState(row.state) if row else BreakerState.CLOSED
    closed = state == BreakerState.CLOSED
    return Figure("breaker", state.value, "closed", State.GOOD if closed else State.WARNING)


def _budget(now: datetime) -> Figure:
    budget = read_budget(now)
    state = State.GOOD
    if budget.used * 100 >= budget.limit * WARNING_BUDGET:
        state = State.WARNING
    if not budget.left or _is_stopped():
        state = State.CRITICAL
    value = f"{usdc(budget.used)} used"
    return Figure("gas budget", value, f"{usdc(budget.limit)} a month", state)


def _is_stopped() -> bool:
    return ChainOperation.objects.filter(
        status=OperationStatus.PENDING, trouble=Trouble.GAS_BUDGET, is_in_flight=False
    ).exists()


def _faults(figures: SyncFigures) -> list[Figure]:
    of_status = ChainOperation.objects.filter(status=OperationStatus.DEAD)
    dead = of_status.filter(ended_at__gt=figures.as_of - DEAD_FOR).count()
    differing = figures.creators_differing
    return [
        Figure("dead operations", str(dead), "none", State.WARNING if dead else State.GOOD),
        Figure("differing creators", str(differing), "none", State.WARNING if differing else State.GOOD),
    ]
