"""Numbers of creators on their way to the chain, through the sandbox."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gigstream.core.errors import ReplayMismatch
from gigstream.core.people.names import InvalidName
from payments import services as payments
from payments.models import ChainAttempt, ChainOperation, CreatorSync, GasSpending, OperationCreator
from payments.oracle.calculations import CreatorNumbers
from payments.oracle.contract import simulated
from payments.oracle.errors import (
    CreatorHasNoAddress,
    InvalidRecord,
    InvalidToken,
    OperationNotDead,
    OperationSuperseded,
    OracleOff,
)
from payments.oracle.registry import Registry, registry
from payments.oracle.services.providers import Oracle
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from platforms.models import PlatformEvent
from tests.support.creators.catalogue import creator
from tests.support.factories import NOW, PlatformFactory
from tests.support.long_forms import spread
from tests.support.oracle.creators import followed, many_on_chain, on_chain, played, registered_source
from tests.support.oracle.sandbox import SandboxOracle
from workers import services as workers

pytestmark = pytest.mark.django_db
ROOT = "0x" + "ab" * 32
ADDRESS = "0x" + "c7" * 20


@pytest.fixture
def chain(source):
    return SandboxOracle()


def test_moved_numbers_are_written_read_back_and_published(source, chain):
    one = on_chain()
    played(source, one, 700)
    followed(one, "fan")

    assert chain.sync() == 1
    chain.work(times=3)

    operation = ChainOperation.objects.get()
    assert (operation.status, operation.trouble, operation.round) == ("confirmed", "", 1)
    assert operation.contract == simulated.ADDRESS
    sync = CreatorSync.objects.get()
    assert sync.numbers == CreatorNumbers(700, 1, 70, 233, Decimal("0.7"))
    assert (sync.operation_id, sync.confirmed_by_id) == (None, operation.pk)
    spending = GasSpending.objects.get()
    assert (spending.gas_used, spending.saved_gas) == (60_300, 0)
    event = PlatformEvent.objects.get(type="oracle.synced")
    assert (event.payload["id"], event.payload["fee"]) == (str(operation.pk), "0.009769")
    assert chain.sync() == 0


@pytest.mark.long_form
def test_a_batch_has_two_hundred_creators_of_a_platform_at_most(source, chain):
    first, second = PlatformFactory(), PlatformFactory()
    for one in [*many_on_chain(first, 203), on_chain(second)]:
        played(source, one, 5)

    assert chain.sync() == 204

    counts = ChainOperation.objects.values_list("platform", "creator_count")
    assert sorted(counts) == sorted([(first.pk, 3), (first.pk, 200), (second.pk, 1)])
    chain.work(times=3)
    assert CreatorSync.objects.filter(synced_at__isnull=False).count() == 204
    assert sum(GasSpending.objects.values_list("saved_gas", flat=True)) == 201 * 47_000


def test_only_one_operation_writes_a_creator_at_a_time(source, chain):
    one = on_chain()
    played(source, one, 1)
    chain.sync()
    played(source, one, 2)

    assert chain.sync() == 0
    chain.work(times=3)
    assert chain.sync() == 1
    chain.work(times=3)

    assert CreatorSync.objects.get().plays == 3
    assert ChainOperation.objects.filter(status="confirmed").count() == 2


def test_creators_without_an_address_a_verification_or_a_move_are_left_alone(source, chain):
    played(source, on_chain(), 0)
    unverified = creator(metrics_address=ADDRESS)
    played(source, unverified, 5)
    nameless = creator()
    platforms.verify_creator(creator_id=nameless.pk, now=NOW)
    played(source, nameless, 5)
    closed = on_chain()
    played(source, closed, 5)
    platforms.close_creator(creator_id=closed.pk, now=NOW)

    assert chain.sync() == 0
    assert not ChainOperation.objects.exists()


def test_a_run_can_be_of_one_platform(source, chain):
    ours, theirs = on_chain(), on_chain()
    for one in (ours, theirs):
        played(source, one, 5)

    assert payments.sync_metrics(platform_id=ours.platform_id, now=chain.now, oracle=chain.oracle) == 1
    assert OperationCreator.objects.get().creator_id == ours.pk


def test_two_creators_with_one_address_do_not_overwrite_each_other(source, chain):
    platform = PlatformFactory()
    first, second = (on_chain(platform, address=ADDRESS) for _ in range(2))
    elsewhere = on_chain(address=ADDRESS)
    for one in (first, second, elsewhere):
        played(source, one, 5)

    assert chain.sync() == 2

    assert set(OperationCreator.objects.values_list("creator", flat=True)) == {first.pk, elsewhere.pk}
    assert "the same address" in CreatorSync.objects.get(creator=second).left_out


def test_an_address_that_became_another_is_written_again(source, chain):
    one = on_chain()
    played(source, one, 5)
    chain.write()
    platforms.change_creator(creator_id=one.pk, changes={"metrics_address": ADDRESS}, now=chain.now)

    assert chain.sync() == 1
    chain.work(times=3)

    assert chain.state() == ("confirmed", "")
    assert OperationCreator.objects.get(operation=chain.newest()).address == ADDRESS


def test_creators_who_change_places_are_both_written_in_time(source, chain):
    platform = PlatformFactory()
    first, second = on_chain(platform), on_chain(platform)
    for one in (first, second):
        played(source, one, 5)
    chain.write()
    for one, address in ((first, second.metrics_address), (second, first.metrics_address)):
        platforms.change_creator(creator_id=one.pk, changes={"metrics_address": address}, now=chain.now)

    for _ in range(3):
        chain.write()

    written = OperationCreator.objects.filter(operation__status="confirmed").order_by("operation__created_at")
    assert {row.creator_id: row.address for row in written} == {
        first.pk: second.metrics_address,
        second.pk: first.metrics_address,
    }
    assert chain.reconcile().differences == 0


def test_numbers_without_room_are_left_out_with_the_reason(source, chain):
    huge, other = on_chain(), on_chain()
    played(source, huge, 2**48)
    played(source, other, 5)

    assert chain.sync() == 1

    assert CreatorSync.objects.get(creator=huge).left_out == "plays 281474976710656 does not fit into 48 bits"


def test_without_a_source_or_a_contract_nothing_is_written(chain, source):
    played(source, on_chain(), 5)
    off = Oracle(chain.oracle.provider, "", None)

    assert payments.sync_metrics(now=chain.now, oracle=off) == 0
    with registered_source():
        registry.source = None
        assert chain.sync() == 0
    with pytest.raises(OracleOff):
        payments.record_distribution(
            platform_id=PlatformFactory().pk, number=1, total="1", root=ROOT, now=chain.now, oracle=off
        )
    assert not ChainOperation.objects.exists()


def test_there_is_one_source():
    own = Registry()
    own.register_source(object())
    with pytest.raises(ValueError, match="registered already"):
        own.register_source(object())


# --- What goes wrong ----------------------------------------------------------------------------------------
def test_a_stuck_transaction_is_offered_for_more_and_ends(source, chain):
    played(source, on_chain(), 5)
    chain.sync()
    chain.goes_wrong("execute_contract", "stuck")
    chain.work()
    assert chain.state() == ("submitted", "")
    chain.work()
    assert (chain.state(), chain.newest().bumps) == (("submitted", "slow"), 1)
    chain.work(times=2)

    assert chain.state() == ("confirmed", "")
    calls = list(ChainAttempt.objects.order_by("number").values_list("operation", flat=True))
    assert calls == ["execute", "read", "accelerate", "read"]


@pytest.mark.parametrize(
    "fault",
    spread(
        ["unreachable", "lost_before", "lost_after", "busy", "credentials"], of="silent services", one_in=5
    ),
)
@pytest.mark.parametrize("call", ["estimate_contract", "execute_contract", "get", "read_contract"])
def test_a_service_that_does_not_answer_is_waited_for(source, chain, call, fault):
    played(source, on_chain(), 5)
    chain.sync()
    chain.goes_wrong(call, fault)
    chain.work(seconds=60, times=5)

    assert chain.state() == ("confirmed", "")
    assert (chain.newest().round, GasSpending.objects.count()) == (1, 1)
    assert ChainAttempt.objects.filter(error_class__isnull=False).count() == 1


def test_the_waits_between_failing_calls_are_2_4_8_16_and_30_seconds(source, chain):
    played(source, on_chain(), 5)
    chain.sync()
    waits = []
    for _ in range(4):
        chain.goes_wrong("estimate_contract", "unreachable")
        chain.now = chain.newest().next_attempt_at
        payments.submit_operations(now=chain.now, oracle=chain.oracle)
        waits.append((chain.newest().next_attempt_at - chain.now).total_seconds())

    assert waits == [2, 4, 8, 16]
    assert chain.newest().failures == 4


def test_a_call_that_is_refused_for_good_is_given_up_and_retried_by_staff(source, chain):
    one = on_chain()
    played(source, one, 5)
    chain.sync()
    chain.goes_wrong("execute_contract", "refused")
    chain.work()

    assert chain.state() == ("dead", "reverted")
    dead = chain.newest()
    assert PlatformEvent.objects.get(type="oracle.failed").payload["reason"] == "reverted"
    assert (CreatorSync.objects.get().operation_id, GasSpending.objects.count()) == (None, 0)

    payments.retry_operation(operation_id=dead.pk, reason="looked into it", now=chain.now)
    assert CreatorSync.objects.get().operation_id == dead.pk
    chain.work(times=3)

    assert (chain.state(), chain.newest().round) == (("confirmed", ""), 2)


def test_only_the_newest_of_dead_numbers_is_retried(source, chain):
    one = on_chain()
    played(source, one, 5)
    chain.sync()
    chain.goes_wrong("execute_contract", "refused")
    chain.work()
    dead = chain.newest()
    chain.sync()
    with pytest.raises(OperationSuperseded):
        payments.retry_operation(operation_id=dead.pk, now=chain.now)
    chain.work(times=3)
    assert chain.state() == ("confirmed", "")

    with pytest.raises(OperationSuperseded):
        payments.retry_operation(operation_id=dead.pk, now=chain.now)
    with pytest.raises(OperationNotDead):
        payments.retry_operation(operation_id=chain.newest().pk, now=chain.now)
    dead.refresh_from_db()
    assert dead.status == "dead"


def test_a_bid_that_is_too_low_ten_times_is_exhausted(source, chain):
    played(source, on_chain(), 5)
    chain.sync()
    chain.goes_wrong("execute_contract", "gas", times=10)
    chain.work(seconds=31, times=10)

    assert chain.state() == ("dead", "exhausted")
    assert ChainAttempt.objects.filter(error_class="gas").count() == 10


def test_a_word_that_is_not_in_the_list_moves_nothing(source, chain):
    played(source, on_chain(), 5)
    chain.sync()
    chain.goes_wrong("execute_contract", "unheard_of")
    chain.work(seconds=1)
    assert (chain.state(), chain.newest().provider_state) == (("submitted", ""), "WARMING_UP")
    chain.work(times=3)
    assert chain.state() == ("confirmed", "")


@pytest.mark.parametrize("fate, trouble", [("denied", "refused"), ("failed", "reverted")])
def test_what_the_provider_denies_or_the_chain_fails_is_given_up(source, chain, fate, trouble):
    played(source, on_chain(), 5)
    chain.sync()
    chain.goes_wrong("execute_contract", fate)
    chain.work(times=2)

    assert chain.state() == ("dead", trouble)


# --- Creators who leave -------------------------------------------------------------------------------------
def test_the_addresses_of_a_worker_who_leaves_are_gone(source, chain):
    one, other = on_chain(), on_chain()
    for each in (one, other):
        played(source, each, 5)
    chain.write()
    workers.delete_worker(worker_id=one.worker_id)

    assert OperationCreator.objects.get(creator=one).address == ""
    assert OperationCreator.objects.get(creator=other).address != ""
    assert (
        CreatorSync.objects.get(creator=one).address_hash,
        CreatorSync.objects.get(creator=one).plays,
    ) == (
        None,
        5,
    )
    assert chain.reconcile().creators == 1


def test_an_operation_whose_creator_has_left_before_it_was_sent_is_given_up(source, chain):
    platform = PlatformFactory()
    one, other = on_chain(platform), on_chain(platform)
    for each in (one, other):
        played(source, each, 5)
    chain.sync()
    workers.delete_worker(worker_id=one.worker_id)
    chain.work()

    assert chain.state() == ("dead", "creator_left")
    with pytest.raises(OperationSuperseded, match="has left"):
        payments.retry_operation(operation_id=chain.newest().pk, now=chain.now)
    assert chain.sync() == 1
    chain.work(times=3)
    assert OperationCreator.objects.get(operation=chain.newest()).creator_id == other.pk


def test_an_operation_whose_creator_leaves_on_the_way_is_read_back_for_the_others(source, chain):
    platform = PlatformFactory()
    one, other = on_chain(platform), on_chain(platform)
    for each in (one, other):
        played(source, each, 5)
    chain.sync()
    chain.work(seconds=1)
    workers.delete_worker(worker_id=one.worker_id)
    chain.work(times=2)

    assert chain.state() == ("confirmed", "")


# --- Tokens and distributions -------------------------------------------------------------------------------
def token(chain, one, **given):
    wanted = {"name": "The Band", "symbol": "BAND"} | given
    return payments.create_creator_token(creator_id=one.pk, now=chain.now, oracle=chain.oracle, **wanted)


def test_a_token_is_made_once_and_entered_at_its_creator(chain):
    one = on_chain()
    operation = token(chain, one)
    chain.work(times=3)

    one.refresh_from_db()
    operation.refresh_from_db()
    assert operation.status == "confirmed"
    assert one.token_address == operation.details["token"]
    assert token(chain, one).pk == operation.pk
    with pytest.raises(ReplayMismatch):
        token(chain, one, symbol="OTHER")
    assert ChainOperation.objects.count() == 1


@pytest.mark.parametrize(
    "given, refused",
    [
        ({"symbol": "b"}, InvalidToken),
        ({"symbol": "BÄND"}, InvalidToken),
        ({"symbol": "B" * 12}, InvalidToken),
        ({"symbol": "9BAND"}, InvalidToken),
        ({"name": "x" * 61}, InvalidToken),
        ({"name": " "}, InvalidName),
        ({"name": "a\u202eb"}, InvalidName),
    ],
)
def test_a_token_has_a_readable_name_and_a_symbol(chain, given, refused):
    with pytest.raises(refused):
        token(chain, on_chain(), **given)
    assert not ChainOperation.objects.exists()


def test_a_creator_without_an_address_gets_no_token(chain):
    with pytest.raises(CreatorHasNoAddress):
        token(chain, creator(metrics_address=ADDRESS))
    assert not ChainOperation.objects.exists()


@pytest.mark.parametrize(
    "given", [{"number": 0}, {"number": -1}, {"number": True}, {"number": 2**63}, {"root": "0x12"}]
)
def test_a_distribution_has_a_number_and_a_root(chain, given):
    wanted = {"number": 1, "total": "1", "root": ROOT} | given
    with pytest.raises(InvalidRecord):
        payments.record_distribution(
            platform_id=PlatformFactory().pk, now=chain.now, oracle=chain.oracle, **wanted
        )
    assert not ChainOperation.objects.exists()


def test_another_total_for_the_same_distribution_is_refused(chain):
    platform = PlatformFactory()
    record = {"platform_id": platform.pk, "number": 1, "root": ROOT, "now": chain.now, "oracle": chain.oracle}
    first = payments.record_distribution(**record, total="1")

    assert payments.record_distribution(**record, total="1.000000").pk == first.pk
    with pytest.raises(ReplayMismatch):
        payments.record_distribution(**record, total="2")


# --- Comparison ---------------------------------------------------------------------------------------------
def test_numbers_that_the_chain_does_not_show_are_written_again(source, chain, monkeypatch):
    one, other = on_chain(), on_chain()
    for each in (one, other):
        played(source, each, 5)
    chain.write()
    assert chain.reconcile().differences == 0

    read = SandboxProvider.read_contract
    monkeypatch.setattr(
        SandboxProvider,
        "read_contract",
        lambda self, *, contract, data: read(self, contract=contract, data=data)[:-64] + "0" * 64,
    )
    found = chain.reconcile()
    assert (found.creators, found.differences) == (2, 2)
    assert CreatorSync.objects.filter(differs_at=chain.now).count() == 2
    monkeypatch.undo()

    assert chain.sync() == 2
    chain.work(times=3)
    assert not CreatorSync.objects.filter(differs_at__isnull=False).exists()


def test_a_chain_that_does_not_answer_compares_nothing(source, chain):
    played(source, on_chain(), 5)
    chain.write()
    chain.goes_wrong("read_contract", "unreachable")

    found = chain.reconcile()

    assert (found.creators, found.is_complete) == (0, False)
    assert CreatorSync.objects.get().differs_at is None


def test_time_in_the_sandbox_goes_by_blocks(chain):
    assert chain.oracle.newest_block(NOW + timedelta(seconds=6)) - chain.oracle.newest_block(NOW) == 3
