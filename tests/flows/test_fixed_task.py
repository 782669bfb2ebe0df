"""The story of a fixed task, from the deposit to the confirmed payout."""

from decimal import Decimal

import pytest

from payments import services as payments
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assign,
    balance,
    house_balance,
    sandbox,
    seconds,
)

pytestmark = pytest.mark.django_db


def test_a_fixed_task_is_funded_done_paid_and_settled():
    worker = WorkerFactory()
    platform = PlatformFactory(funds="100")
    task = TaskFactory(platform=platform, amount="20")

    assign(task, worker)
    assert balance(platform, "available") == Decimal("79.60")
    assert balance(platform, "escrow") == Decimal("20.40")

    platforms.start_task(task_id=task.pk, now=NOW)
    platforms.complete_task(task_id=task.pk, now=NOW)
    assert balance(platform, "escrow") == 0
    assert balance(worker, "available") == 20
    assert house_balance("fees") == Decimal("0.40")

    assert payments.create_due_payouts(now=NOW) == 1
    assert balance(worker, "in_transit") == 20
    assert payments.submit_payouts(now=NOW, provider=sandbox(NOW)) == 1
    later = NOW + seconds(60)
    assert payments.poll_settlements(now=later, provider=sandbox(later)) == 1

    payout = Transaction.objects.get(type="payout")
    assert payout.status == "confirmed"
    assert payout.tx_hash.startswith("0x")
    assert payout.confirmations >= 3
    assert balance(worker, "in_transit") == 0
    assert house_balance("outside") == Decimal("-80")
    assert list(LedgerEntry.objects.order_by("id").values_list("kind", flat=True)) == [
        "deposit",
        "hold",
        "earning",
        "fee",
        "payout_hold",
        "payout_settled",
    ]
