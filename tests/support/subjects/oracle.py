"""Records on the chain: operations, their attempts and gas, and creators' numbers."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import (
    ChainAttempt,
    ChainOperation,
    CreatorSync,
    DistributionShare,
    GasAlarm,
    GasSpending,
    OperationCreator,
    SignedCall,
    SignedVersion,
    SignerAccount,
)
from platforms.models import Platform
from tests.support.api.asks import Ask, numbers, request_for
from tests.support.api.client import Api
from tests.support.database import valid_rows
from tests.support.database.breaks import breaks, run, unguard
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory
from tests.support.oracle.creators import on_chain, played, registered_source
from tests.support.oracle.distributions import paid_distribution
from tests.support.oracle.sandbox import SandboxOracle

CONTRACT = "0x" + "c0" * 20
ROOT = "0x" + "ab" * 32
EARLIER = AT - timedelta(seconds=1)


def _row(model: type[Any]) -> Any:
    return valid_rows.insert(valid_rows.valid(model))


def _hash() -> str:
    return f"0x{next(numbers):064x}"


def _operation_row() -> dict[str, Any]:
    return {
        "kind": "distribute",
        "key": f"row:{next(numbers)}",
        "platform": PlatformFactory.create(),
        "contract": CONTRACT,
        "provider": "sandbox",
        "created_at": AT,
        "next_attempt_at": AT,
    }


ROWS = {
    ChainOperation: _operation_row,
    ChainAttempt: lambda: {
        "chain_operation": _row(ChainOperation),
        "number": 1,
        "service": "oracle",
        "operation": "execute",
        "started_at": AT,
        "ended_at": AT,
        "milliseconds": 5,
    },
    OperationCreator: lambda: {
        "operation": _row(ChainOperation),
        "creator": on_chain(),
        "position": 0,
        "address": CONTRACT,
        "plays": 1,
        "followers": 1,
        "likes": 1,
        "listeners": 1,
        "revenue": Decimal(1),
    },
    CreatorSync: lambda: {"creator": on_chain(), "created_at": AT, "address_hash": f"{next(numbers):064x}"},
    GasSpending: lambda: {
        "operation": valid_rows.insert(valid_rows.in_status(ChainOperation, "confirmed")),
        "round": 1,
        "spent_at": AT,
        "provider": "sandbox",
        "tx_hash": _hash(),
        "fee": Decimal("0.01"),
    },
    GasAlarm: lambda: {
        "month": date(2000 + next(numbers) % 900, 3, 1),
        "raised_at": AT,
        "budget": Decimal(50),
        "spent": Decimal(50),
    },
    SignerAccount: lambda: {"address": f"0x{next(numbers):040x}"},
    SignedCall: lambda: {
        "idempotency_key": valid_rows.new_id(),
        "account": _row(SignerAccount),
        "nonce": next(numbers),
        "contract": CONTRACT,
        "function": "open()",
        "data": "0x00",
        "gas_limit": 60_000,
        "created_at": AT,
    },
    SignedVersion: lambda: {
        "call": _row(SignedCall),
        "number": 1,
        "max_fee": Decimal(1),
        "priority_fee": Decimal(0),
        "tx_hash": _hash(),
        "signed_at": AT,
    },
}
_AT_THE_PROVIDER: dict[str, Any] = {"transfer_id": "t", "submitted_at": AT, "is_in_flight": True}
_ENDED: dict[str, Any] = {"ended_at": AT, "next_attempt_at": None}
_BID: dict[str, Any] = {"gas_limit": 60_000, "max_fee": Decimal(2), "priority_fee": Decimal(1)}


def _columns_of(status: str) -> dict[str, Any]:
    return {
        "pending": {},
        "submitted": _AT_THE_PROVIDER,
        "confirmed": {**_ENDED, "read_back_at": AT},
        "dead": {**_ENDED, "trouble": "refused"},
    }[status]


STATUSES = {ChainOperation: _columns_of}
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("operation_kind_known", ChainOperation, {"kind": "pay"}),
    ("operation_of_creators_has_some", ChainOperation, {"kind": "update_metrics"}),
    ("operation_of_creators_has_some", ChainOperation, {"kind": "update_metrics", "creator_count": 201}),
    ("operation_of_creators_has_some", ChainOperation, {"kind": "create_token", "creator_count": 2}),
    ("operation_of_creators_has_some", ChainOperation, {"creator_count": 1}),
    ("operation_ended_waits_for_nothing", ChainOperation, {"status": "lost"}),
    ("operation_trouble_fits_its_status", ChainOperation, {"trouble": "differs"}),
    (
        "operation_trouble_fits_its_status",
        ChainOperation,
        {"status": "confirmed", "trouble": "slow", **_columns_of("confirmed")},
    ),
    (
        "operation_trouble_fits_its_status",
        ChainOperation,
        {**_columns_of("dead"), "status": "dead", "trouble": "slow"},
    ),
    ("operation_trouble_fits_its_status", ChainOperation, {**_ENDED, "status": "dead"}),
    ("operation_submitted_is_at_the_provider", ChainOperation, {"status": "submitted"}),
    (
        "operation_submitted_is_at_the_provider",
        ChainOperation,
        {**_AT_THE_PROVIDER, "status": "submitted", "transfer_id": ""},
    ),
    (
        "operation_submitted_is_at_the_provider",
        ChainOperation,
        {**_AT_THE_PROVIDER, "status": "submitted", "is_in_flight": False},
    ),
    ("operation_ended_waits_for_nothing", ChainOperation, {"next_attempt_at": None}),
    ("operation_ended_waits_for_nothing", ChainOperation, {"ended_at": AT}),
    (
        "operation_ended_waits_for_nothing",
        ChainOperation,
        {**_columns_of("dead"), "status": "dead", "is_in_flight": True},
    ),
    ("operation_confirmed_was_read_back", ChainOperation, {**_ENDED, "status": "confirmed"}),
    ("operation_confirmed_was_read_back", ChainOperation, {"read_back_at": AT}),
    ("operation_bid_as_a_whole", ChainOperation, {"gas_limit": 60_000}),
    ("operation_bid_as_a_whole", ChainOperation, {**_BID, "priority_fee": Decimal(3)}),
    ("operation_reserves_while_in_flight", ChainOperation, {**_BID, "reserved": Decimal(1)}),
    ("operation_reserves_while_in_flight", ChainOperation, {"is_in_flight": True, "reserved": Decimal(1)}),
    ("operation_round_from_1", ChainOperation, {"round": 0}),
    ("chainattempt_number_from_1", ChainAttempt, {"number": 0}),
    ("chainattempt_ended_has_its_time", ChainAttempt, {"milliseconds": None}),
    ("chainattempt_ended_has_its_time", ChainAttempt, {"ended_at": None}),
    ("chain_attempt_operation_known", ChainAttempt, {"operation": "pray"}),
    ("chain_attempt_error_known", ChainAttempt, {"error_class": "bad_luck"}),
    ("operation_numbers_as_a_whole", OperationCreator, {"plays": None}),
    ("operation_numbers_as_a_whole", OperationCreator, {"revenue": Decimal(-1)}),
    ("operation_numbers_as_a_whole", OperationCreator, {"revenue": None}),
    ("creator_sync_confirmed_as_a_whole", CreatorSync, {"synced_at": AT}),
    ("creator_sync_revenue_not_negative", CreatorSync, {"revenue": Decimal(-1)}),
    ("gas_fee_not_negative", GasSpending, {"fee": Decimal(-1)}),
    ("gas_alarm_of_a_month", GasAlarm, {"month": date(2026, 3, 2)}),
    ("signer_address_lower_case", SignerAccount, {"address": "0xAB"}),
    ("signed_call_can_be_sent_until_mined", SignedCall, {"data": ""}),
    ("signed_version_number_from_1", SignedVersion, {"number": 0}),
    ("signed_version_has_a_price", SignedVersion, {"max_fee": Decimal(0)}),
    ("signed_version_has_a_price", SignedVersion, {"priority_fee": Decimal(-1)}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("chain_attempt_once_per_number", ChainAttempt, ("chain_operation", "number"), {}),
    ("operation_creator_once", OperationCreator, ("operation", "creator"), {}),
    ("operation_position_once", OperationCreator, ("operation", "position"), {}),
    ("creator_sync_address_once", CreatorSync, ("address_hash",), {}),
    ("gas_spent_once_per_round", GasSpending, ("operation", "round"), {}),
    ("gas_spent_once_per_transaction", GasSpending, ("provider", "tx_hash"), {}),
    ("signed_call_nonce_once", SignedCall, ("account", "nonce"), {}),
    ("signed_version_once_per_number", SignedVersion, ("call", "number"), {}),
]


def _sees_its_numbers_written(platform: Platform) -> None:
    chain = SandboxOracle(AT)
    with registered_source() as source:
        played(source, on_chain(platform), 7)
        chain.write()
    chain.goes_wrong("execute_contract", "refused")
    payments.record_distribution(
        platform_id=platform.pk, number=901, total="1", root=ROOT, now=chain.now, oracle=chain.oracle
    )
    chain.work()


EVENTS = [_sees_its_numbers_written]


def _write_to_the_chain(h: History) -> None:
    """Write numbers, a token and distributions: some are confirmed, one is dead, one is under way."""
    chain = SandboxOracle(h.later())
    with registered_source() as source:
        first, second = (on_chain(h.platform, now=h.now) for _ in range(2))
        played(source, first, 700)
        played(source, second, 11)
        chain.write()
        payments.create_creator_token(
            creator_id=first.pk, name="The Band", symbol="BAND", now=chain.now, oracle=chain.oracle
        )
        record: dict[str, Any] = {
            "platform_id": h.platform.pk,
            "total": "12.5",
            "root": ROOT,
            "oracle": chain.oracle,
        }
        payments.record_distribution(**record, number=901, now=chain.now)
        chain.work(times=3)
        chain.goes_wrong("execute_contract", "refused")
        payments.record_distribution(**record, number=902, now=chain.now)
        chain.work(times=3)
        played(source, second, 5)
        chain.now += timedelta(hours=1)
        chain.sync()
    h.now = chain.now


HISTORIES = [_write_to_the_chain]


@breaks("confirmed_operations_were_read_back")
def a_confirmed_operation_without_an_answer(h: History) -> None:
    run("UPDATE chain_attempts SET error_class = 'network'")


@breaks("operations_have_their_creators")
def a_creator_who_is_missing_in_between(h: History) -> None:
    run("UPDATE chain_operation_creators SET position = 7 WHERE position = 1")


@breaks("creators_are_written_by_one_operation")
def an_open_operation_that_writes_nobody(h: History) -> None:
    run("UPDATE creator_syncs SET operation_id = NULL WHERE operation_id IS NOT NULL")


@breaks("creators_are_written_by_one_operation")
def a_creator_who_waits_for_an_operation_that_has_ended(h: History) -> None:
    run("UPDATE creator_syncs SET operation_id = confirmed_by_id WHERE operation_id IS NULL")


@breaks("synced_numbers_are_those_of_their_operation")
def numbers_that_nothing_has_written(h: History) -> None:
    run(
        "UPDATE creator_syncs SET plays = plays + 1"
        " WHERE id = (SELECT min(id::text)::uuid FROM creator_syncs WHERE operation_id IS NULL)"
    )


@breaks("gas_is_spent_by_rounds_that_were")
def gas_of_a_round_to_come(h: History) -> None:
    run("UPDATE gas_spendings SET round = 9 WHERE id = (SELECT min(id) FROM gas_spendings)")


@breaks("gas_is_spent_by_rounds_that_were")
def gas_of_a_transaction_that_is_counted_twice(h: History) -> None:
    run("UPDATE gas_spendings SET tx_hash = (SELECT min(tx_hash) FROM gas_spendings)")


@breaks("recorded_distributions_are_those_paid")
def a_record_with_another_total(h: History) -> None:
    unguard()
    run(
        "UPDATE chain_operations SET platform_id = d.platform_id,"
        " key = 'distribution:' || d.platform_id || ':' || d.number,"
        " details = jsonb_build_object('number', d.number, 'total', d.amount + 1, 'root', '0x')"
        " FROM distributions d WHERE d.status = 'paid' AND chain_operations.id ="
        " (SELECT min(id::text)::uuid FROM chain_operations WHERE kind = 'distribute')"
    )


@request_for("prove_my_distribution_share")
def _() -> Ask:
    share = _paid_share()
    chain = SandboxOracle(database_now())
    payments.record_distributions(now=chain.now, oracle=chain.oracle)
    return Ask(share.creator.worker, f"me/distributions/{share.pk}/proof")


def _paid_share() -> DistributionShare:
    """Return a share of a distribution that was paid yesterday or before."""
    found = paid_distribution(now=database_now() - timedelta(days=2))
    return DistributionShare.objects.filter(distribution=found)[0]


def _meet_not_recorded(g: Any) -> Any:
    share = _paid_share()
    return Api.as_worker(share.creator.worker).get(f"me/distributions/{share.pk}/proof")


CODES = {("distribution_not_recorded", 409): _meet_not_recorded}


@request_for("get_sync_health")
def _() -> Ask:
    return Ask(PlatformFactory.create(), "sync-health")
