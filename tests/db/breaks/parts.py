"""Breaking rows of parts: covered by payouts, and held."""

from payments.models import CoveredParts, PayoutHold
from tests.support.database.breaks import breaks, follow_covered_parts, of_worker, run
from tests.support.database.rich_history import History


def _hold(h: History) -> PayoutHold:
    """Insert a hold of an amount that stands in named parts."""
    return PayoutHold.objects.exclude(amount=None).get(worker=h.worker)


@breaks("payout_holds_are_within_available")
def a_hold_of_more_than_there_is(h: History) -> None:
    hold = _hold(h)
    run("UPDATE payout_holds SET amount = 1000000 WHERE id = %s", hold.pk)
    run("DELETE FROM payout_hold_parts WHERE hold_id = %s", hold.pk)
    run(
        "INSERT INTO payout_hold_parts (hold_id, entry_id, amount)"
        " VALUES (%s, (SELECT min(id) FROM ledger_entries WHERE credit_account_id = %s), 1000000)",
        hold.pk,
        of_worker(h.worker, "available"),
    )


@breaks("payout_hold_stands_in_its_workers_parts")
def a_hold_that_names_too_little(h: History) -> None:
    run("UPDATE payout_hold_parts SET amount = amount - 0.5 WHERE hold_id = %s", _hold(h).pk)


@breaks("debit_covers_its_amount")
def a_payout_that_covers_too_little_and_another_too_much(h: History) -> None:
    one, two = CoveredParts.objects.filter(
        account=of_worker(h.worker, "available"), given_back=False, entry__kind="payout_hold"
    ).order_by("pk")[:2]
    run("UPDATE covered_parts SET entry_id = %s WHERE id = %s", two.entry_id, one.pk)
    follow_covered_parts()


@breaks("available_is_what_parts_have_left")
def a_watermark_behind_what_is_not_paid_out(h: History) -> None:
    run(
        "UPDATE accounts a SET parts_from = a.parts_from + 1, oldest_part_at = ("
        " SELECT min(e.created_at) FROM ledger_entries e WHERE e.credit_account_id = a.id"
        " AND e.id > a.parts_from AND e.kind <> 'payout_void') WHERE a.id = %s",
        of_worker(h.worker, "available"),
    )


@breaks("oldest_part_is_the_oldest_free_one")
def a_part_older_than_it_is(h: History) -> None:
    run(
        "UPDATE accounts SET oldest_part_at = oldest_part_at - interval '1 hour' WHERE id = %s",
        of_worker(h.worker, "available"),
    )


@breaks("account_follows_its_workers_schedule")
def an_account_with_another_schedule(h: History) -> None:
    run("UPDATE workers SET payout_schedule = 'weekly' WHERE id = %s", h.worker.pk)
