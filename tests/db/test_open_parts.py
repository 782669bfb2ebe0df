"""Earnings that a payout takes: against a plain model, and without reading a whole history."""

import json
import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from audit.log.context import acting_as
from gigstream.core import sql
from payments import services as payments
from payments.ledger.errors import InsufficientFunds
from payments.ledger.subjects import STREAM
from payments.models import Account, LedgerEntry, PayoutHold, Transaction
from payments.settlement.payouts.errors import MoneyHeld
from payments.settlement.payouts.limits import PAYOUT_MINIMUM
from payments.settlement.payouts.selectors import payout_parts
from payments.settlement.payouts.services import schedules
from tests.support.books import violated
from tests.support.factories import NOW, WorkerFactory, running_stream, seconds
from tests.support.long_forms import spread
from workers.profiles.enums import PayoutSchedule

pytestmark = pytest.mark.django_db


class Model:
    """Parts, the oldest first, each with its rest and the holds on it."""

    def __init__(self):
        self.left, self.held = {}, {}

    def free(self, part):
        return self.left[part] - sum(hold.get(part, 0) for hold in self.held.values())

    def earn(self, part, amount):
        self.left[part] = amount

    def take(self, amount):
        taken = {}
        for part in sorted(self.left):
            if amount and self.free(part) > 0:
                taken[part] = min(self.free(part), amount)
                amount -= taken[part]
        for part, piece in taken.items():
            self.left[part] -= piece
        return taken

    def give_back(self, taken):
        for part, piece in taken.items():
            self.left[part] += piece

    def hold(self, key, amount):
        kept = {}
        for part in sorted(self.left, reverse=True):
            if amount and self.free(part) > 0:
                kept[part] = min(self.free(part), amount)
                amount -= kept[part]
        self.held[key] = kept


@pytest.mark.parametrize("seed", spread(range(4), of="open parts", one_in=4))
def test_payouts_holds_and_cancellations_take_the_parts_that_a_plain_model_takes(seed):
    rng, model, worker, now = random.Random(seed), Model(), WorkerFactory(), NOW
    account = None
    taken, pending = {}, []
    for step in range(40):
        now += seconds(60)
        kind = rng.choice(("earn", "earn", "earn", "cash_out", "cash_out", "hold", "end", "cancel"))
        amount = Decimal(rng.randrange(100_000, 3_000_000)).scaleb(-6)
        if kind == "earn":
            entry = payments.grant_reward(
                worker_id=worker.pk, amount=amount, reason="so", key=f"{seed}-{step}", now=now
            )
            model.earn(entry.pk, amount)
        elif kind == "cash_out":
            free = sum(map(model.free, model.left), Decimal(0))
            if free < Decimal("0.1"):
                with pytest.raises((InsufficientFunds, MoneyHeld)):
                    payments.cash_out(worker_id=worker.pk, amount=free + 1, now=now)
                continue
            payout = payments.cash_out(worker_id=worker.pk, amount=min(free, amount), now=now)
            taken[payout.pk] = model.take(payout.amount)
            pending.append(payout)
        elif kind == "hold" and sum(map(model.free, model.left), Decimal(0)) >= amount:
            with acting_as("staff", "1"):
                held = payments.hold_payouts(worker_id=worker.pk, amount=amount, reason="so", now=now)
            model.hold(held.pk, amount)
        elif kind == "end" and model.held:
            key = rng.choice(sorted(model.held))
            with acting_as("staff", "2"):
                payments.end_hold(hold_id=key, reason="so", now=now)
            del model.held[key]
        elif kind == "cancel" and pending:
            payout = pending.pop(rng.randrange(len(pending)))
            payments.cancel_payout(transaction_id=payout.pk, pay_again=True, now=now)
            model.give_back(taken[payout.pk])
        account = Account.objects.filter(worker=worker, name="available").first()
        free = [part for part in model.left if model.free(part) > 0]
        oldest = (
            LedgerEntry.objects.filter(pk=min(free)).values_list("created_at", flat=True).get()
            if free
            else None
        )
        assert (account.oldest_part_at if account else None) == oldest
        not_covered = [part for part, left in model.left.items() if left > 0]
        if account and not_covered:
            assert account.parts_from <= min(not_covered)
            if account.parts_from:
                paid_out = range(account.parts_from, min(not_covered))
                assert not [part for part in model.left if part in paid_out], "the watermark lags behind"
    for payout in Transaction.objects.filter(type="payout"):
        parts = {part.entry.pk: part.amount for part in payout_parts(payout.pk)}
        assert parts == taken[payout.pk]
    for hold in PayoutHold.objects.open():
        assert dict(hold.parts.values_list("entry", "amount")) == model.held[hold.pk]
    assert violated() == {}


def rows_touched(statement, parameters):
    """Return how many rows the nodes of the plan have read in all when the statement ran."""
    with connection.cursor() as cursor:
        # The statistics are those of other tests, by which a whole table may look like a few rows.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        (plan,) = cursor.fetchone()
    plan = json.loads(plan) if isinstance(plan, str) else plan

    def count(node):
        own = node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        own += node["Actual Loops"] * node.get("Rows Removed by Join Filter", 0)
        return own + sum(map(count, node.get("Plans", ())))

    return count(plan[0]["Plan"])


def many_releases(worker, count):
    """So many releases of a stream, and the balance that they make. They are written in the test's own
    transaction, so that the planner has no statistics of them."""
    stream = running_stream(worker, total="100", duration=60 * 43_200)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_entries"
            " (kind, debit_account_id, credit_account_id, amount, subject_kind, subject_id, sequence,"
            " created_at)"
            " SELECT 'release', %s, %s, 0.0001, %s, %s, n, %s FROM generate_series(1, %s) AS n",
            [
                *(stream.escrow_account_id, stream.worker_account_id),
                *(STREAM.number, stream.pk, NOW, count),
            ],
        )
        cursor.execute(
            "UPDATE accounts SET balance = balance + 0.0001 * %s, oldest_part_at = %s WHERE id = %s",
            [count, NOW, stream.worker_account_id],
        )
    return stream


def touched_by_open_parts(account):
    return rows_touched("SELECT * FROM open_parts(ARRAY[%s::bigint])", [account])


@pytest.mark.parametrize("look", spread(["one_payout", "what_is_open"], of="looks", one_in=2))
def test_what_is_read_does_not_grow_with_what_was_paid_out_before(look):
    touched = []
    for history in (500, 5_000):
        # Nothing of the first history stays for the second: tables of a few rows are read whole.
        begun = transaction.savepoint()
        worker = WorkerFactory()
        stream = many_releases(worker, history)
        payments.cash_out(worker_id=worker.pk, now=NOW + seconds(1))
        for number in range(10):
            payments.grant_reward(
                worker_id=worker.pk,
                amount="0.1",
                reason="so",
                key=f"{history}-{number}",
                now=NOW + seconds(2),
            )
        payout = payments.cash_out(worker_id=worker.pk, amount="0.5", now=NOW + seconds(3))
        with connection.cursor() as cursor:
            # Both histories are planned by statistics of their own, and not by those of other tests.
            cursor.execute("ANALYZE")
        if look == "one_payout":
            statement = sql.text("payments/settlement/payouts/payout_parts")
            touched.append(rows_touched(statement, {"payout": payout.pk, "most": 1000}))
        else:
            touched.append(touched_by_open_parts(stream.worker_account_id))
        transaction.savepoint_rollback(begun)
    assert touched[1] <= touched[0] + 5
    assert touched[0] < 200


def test_a_payout_of_many_releases_reads_each_a_fixed_number_of_times_without_statistics():
    ratios = []
    for count in (1_000, 8_000):
        worker = WorkerFactory()
        stream = many_releases(worker, count)
        ratios.append(touched_by_open_parts(stream.worker_account_id) / count)
    assert ratios[1] <= ratios[0] * 1.2, "linear, not quadratic"


def test_due_accounts_are_found_by_their_indexes():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        statement, parameters = schedules.due_statement(NOW, schedules.Limits.read())
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "accounts_waiting_for_payout" in plan
    assert "accounts_to_pay_at_once" in plan


def test_the_ages_of_the_schedules_are_those_of_the_contract():
    assert {
        "standard": timedelta(hours=1),
        "at_once": timedelta(hours=1),
        "hourly": timedelta(hours=1),
        "daily": timedelta(days=1),
        "weekly": timedelta(days=7),
    } == schedules.AGES
    assert set(PayoutSchedule.values) - set(schedules.AGES) == {"by_hand"}
    assert (PAYOUT_MINIMUM.value, schedules.MOST_A_DAY) == (1, 24)
