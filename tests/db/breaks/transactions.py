"""Transactions."""

from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.models import Transaction
from reputation.models import QuestEvent
from tests.support.database.breaks import (
    adjust,
    breaks,
    follow_covered_parts,
    house,
    of_platform,
    of_worker,
    open_all_days,
    run,
    wash,
)
from tests.support.database.rich_history import History


@breaks("in_transit_is_what_is_under_way")
def money_in_transit_without_a_payout(h: History) -> None:
    adjust(of_worker(h.worker, "available"), of_worker(h.worker, "in_transit"))


@breaks("in_transit_is_what_is_under_way")
def a_platforms_money_in_transit_without_a_withdrawal(h: History) -> None:
    adjust(of_platform(h.platform.pk, "available"), of_platform(h.platform.pk, "in_transit"))


def confirmed_payouts() -> list[Transaction]:
    return list(Transaction.objects.filter(type="payout", status="confirmed").order_by("pk"))


@breaks("confirmed_on_chain_has_a_hash")
def a_confirmed_payout_without_a_hash(h: History) -> None:
    run("UPDATE transactions SET tx_hash = NULL WHERE id = %s", confirmed_payouts()[0].pk)


@breaks("chain_hash_is_used_once")
def two_payouts_with_one_hash(h: History) -> None:
    one, two = confirmed_payouts()[:2]
    run("UPDATE transactions SET tx_hash = %s WHERE id = %s", one.tx_hash, two.pk)


@breaks("transaction_key_is_used_once")
def two_payouts_with_one_key(h: History) -> None:
    one, two = confirmed_payouts()[:2]
    run("UPDATE transactions SET idempotency_key = %s WHERE id = %s", one.idempotency_key, two.pk)


@breaks("provider_transfer_is_used_once")
def two_payouts_in_one_transfer(h: History) -> None:
    one, two = confirmed_payouts()[:2]
    run("UPDATE transactions SET circle_tx_id = %s WHERE id = %s", one.circle_tx_id, two.pk)


@breaks("payout_is_held_once")
def a_second_hold(h: History) -> None:
    payout = Transaction.objects.filter(type="payout", worker=h.worker, status="pending")[0]
    wash(
        "payout_hold",
        of_worker(h.worker, "available"),
        of_worker(h.worker, "in_transit"),
        transaction_id=payout.pk,
    )
    follow_covered_parts()


@breaks("payout_ended_as_its_status_says")
def a_settled_payout_called_failed(h: History) -> None:
    """Change a payout of a worker without rewards, which settle with their payouts."""
    rewarded = QuestEvent.objects.filter(status="settled").values("worker")
    payouts = Transaction.objects.filter(type="payout", status="confirmed").exclude(worker__in=rewarded)
    run(
        "UPDATE transactions SET status = 'failed', ended_at = confirmed_at, confirmed_at = NULL"
        " WHERE id = %s",
        payouts.latest("confirmed_at", "pk").pk,
    )
    follow_covered_parts()


@breaks("payout_ended_as_its_status_says")
def a_payout_settled_twice(h: History) -> None:
    payout = confirmed_payouts()[0]
    wash(
        "payout_settled",
        accounts.of_worker(payout.worker_id, AccountName.IN_TRANSIT),
        house("outside"),
        payout.amount,
        transaction_id=payout.pk,
    )


@breaks("internal_movement_has_its_entry")
def a_refund_of_another_amount(h: History) -> None:
    open_all_days()
    run("UPDATE transactions SET amount = amount + 1 WHERE type = 'refund'")
