"""Paid distributions on the chain: their root is that of their shares, each share can be proved, and pay
never waits for it."""

import threading
from decimal import Decimal

import pytest

from gigstream.jobs import registry as jobs
from payments import services as payments
from payments.models import ChainOperation, Distribution, DistributionShare, LedgerEntry
from payments.oracle.calculations import key_of_distribution
from payments.oracle.selectors.shares import shares_root
from payments.oracle.services.providers import Oracle
from platforms.usage.calculations.merkle import EMPTY_ROOT
from tests.support.api.client import Api
from tests.support.books import violated
from tests.support.creators.royalties import after_midnight, paying_platform
from tests.support.database.breaks import run
from tests.support.factories import NOW, balance
from tests.support.oracle.distributions import approved_distribution, paid_distribution, root_of_proof
from tests.support.oracle.sandbox import SandboxOracle
from tests.support.servers.broker import queued_jobs
from tests.support.servers.processes import empty_queues

pytestmark = pytest.mark.django_db
LATER = after_midnight(NOW.date(), minutes=360)


@pytest.fixture
def chain():
    return SandboxOracle(LATER)


def record(chain):
    return payments.record_distributions(now=chain.now, oracle=chain.oracle)


def proof_of(share, status=200):
    answer = Api.as_worker(share.creator.worker).get(f"me/distributions/{share.pk}/proof")
    assert answer.status_code == status, answer.content
    return answer.json()


def share_of(found, name):
    return DistributionShare.objects.get(distribution=found, creator__display_name=name)


def test_a_paid_distribution_is_recorded_once_with_number_total_and_root(chain):
    found = paid_distribution()
    entries = LedgerEntry.objects.count()

    assert (record(chain), record(chain)) == (1, 0)
    chain.work(times=3)

    operation = ChainOperation.objects.get()
    assert (operation.kind, operation.status, operation.platform_id) == (
        "distribute",
        "confirmed",
        found.platform_id,
    )
    assert (operation.details["number"], operation.details["total"]) == (1, "10.000000")
    assert operation.details["root"] == shares_root(found.pk, operation.details["secret"])
    assert operation.key == key_of_distribution(found.platform_id, 1)
    assert LedgerEntry.objects.count() == entries
    assert chain.reconcile().differences == 0
    assert violated() == {}


def test_drafts_and_distributions_that_are_being_paid_are_not_recorded(chain):
    approved_distribution()

    assert record(chain) == 0
    payments.pay_distributions(now=LATER)
    assert record(chain) == 1


def test_every_creator_can_prove_the_own_share_to_anybody_who_reads_the_chain(chain):
    found = paid_distribution(plays={"A": 5, "B": 3, "C": 3, "D": 1, "E": 1})
    record(chain)
    chain.work(times=3)
    root = ChainOperation.objects.get().details["root"]

    proofs = [proof_of(one) for one in found.shares.order_by("pk")]

    assert [root_of_proof(proof) for proof in proofs] == [root] * 5
    assert [proof["index"] for proof in proofs] == [0, 1, 2, 3, 4]
    assert sum(Decimal(proof["share"]["amount"]) for proof in proofs) == 10
    assert {proof["record"]["status"] for proof in proofs} == {"confirmed"}
    assert proofs[0]["record"]["root"] == root
    assert len({proof["share"]["salt"] for proof in proofs}) == 5


def test_a_proof_of_another_amount_leads_elsewhere(chain):
    found = paid_distribution()
    record(chain)
    proof = proof_of(share_of(found, "A"))
    assert root_of_proof(proof) == proof["record"]["root"]

    for name, value in (("amount", "5.000001"), ("plays", 4), ("salt", "00" * 32)):
        changed = {**proof, "share": {**proof["share"], name: value}}
        assert root_of_proof(changed) != proof["record"]["root"]


def test_a_proof_shows_its_record_before_it_is_confirmed(chain):
    found = paid_distribution()
    share = share_of(found, "A")
    assert proof_of(share, 409)["code"] == "distribution_not_recorded"

    record(chain)

    shown = proof_of(share)["record"]
    assert (shown["status"], shown["tx_hash"], shown["confirmed_at"]) == ("pending", None, None)
    chain.work(times=3)
    assert proof_of(share)["record"]["tx_hash"] == ChainOperation.objects.get().tx_hash


def test_nobody_proves_the_share_of_another(chain):
    found = paid_distribution()
    record(chain)
    share, other = share_of(found, "A"), share_of(found, "B")

    answer = Api.as_worker(other.creator.worker).get(f"me/distributions/{share.pk}/proof")

    assert answer.status_code == 404
    assert Api().get(f"me/distributions/{share.pk}/proof").status_code == 401


def test_shares_of_the_same_sums_have_other_leaves_in_each_distribution(chain):
    """A leaf that somebody has seen gives no way to try amounts of another."""
    platform = paying_platform()
    for _ in range(2):
        paid_distribution(platform, plays={"A": 1})
    record(chain)

    secrets = [one.details["secret"] for one in ChainOperation.objects.all()]
    assert len(set(secrets)) == 2
    assert all(len(bytes.fromhex(secret)) == 32 for secret in secrets)


@pytest.mark.parametrize("spoilt", ["amount = amount + 0.000001", "plays = plays + 1", "weight = weight + 1"])
def test_reconciliation_compares_the_root_with_the_shares(chain, spoilt):
    found = paid_distribution()
    record(chain)
    chain.work(times=3)
    assert chain.reconcile().differing_records == []

    run(f"UPDATE distribution_shares SET {spoilt} WHERE id = %s", share_of(found, "B").pk)

    assert chain.reconcile().differing_records == [ChainOperation.objects.get().pk]


def test_a_share_that_is_gone_differs(chain):
    found = paid_distribution()
    record(chain)
    chain.work(times=3)
    run("DELETE FROM distribution_shares WHERE id = %s", share_of(found, "C").pk)

    assert chain.reconcile().differing_records == [ChainOperation.objects.get().pk]


def test_the_root_of_no_shares_is_that_of_the_standard():
    assert shares_root(ChainOperation().pk, "00" * 32) == "0x" + EMPTY_ROOT.hex()


# --- Pay does not wait --------------------------------------------------------------------------------------
def test_pay_goes_on_without_a_contract_and_is_recorded_when_there_is_one(chain):
    found = paid_distribution()
    off = Oracle(chain.oracle.provider, "", None)

    assert payments.record_distributions(now=LATER, oracle=off) == 0
    assert (found.status, balance(found.platform, "escrow")) == ("paid", 0)
    assert record(chain) == 1


@pytest.mark.parametrize("fault", ["unreachable", "refused"])
def test_pay_goes_on_while_nothing_can_be_written(chain, fault):
    for call in ("estimate_contract", "execute_contract"):
        chain.goes_wrong(call, fault, times=50)
    first = paid_distribution()
    record(chain)
    chain.work(times=3)

    second = paid_distribution()

    assert [first.status, second.status] == ["paid", "paid"]
    assert not ChainOperation.objects.filter(status="confirmed").exists()


def test_the_transaction_that_pays_writes_no_record(chain, django_capture_on_commit_callbacks):
    """Its message is lost here."""
    found = approved_distribution()
    with django_capture_on_commit_callbacks() as messages:
        payments.pay_distributions(now=LATER)

    assert Distribution.objects.get(pk=found.pk).status == "paid"
    assert (len(messages) > 0, ChainOperation.objects.count()) == (True, 0)
    assert record(chain) == 1


@pytest.mark.django_db(transaction=True)
def test_a_payment_nudges_the_job_that_records_it(chain, monkeypatch):
    # The nudges of earlier tests are sent before this test reads the queue, and delay none of its own.
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
    monkeypatch.setattr(jobs, "_nudged_at", {})
    approved_distribution()
    empty_queues()

    payments.pay_distributions(now=LATER)

    assert queued_jobs("default") == ["record_distributions"]
