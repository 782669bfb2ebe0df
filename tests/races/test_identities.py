"""Threads that name one account at once: it becomes one worker's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from gigstream.core.errors import Refusal
from tests.support.books import violated
from tests.support.factories import WorkerFactory
from tests.support.long_forms import count
from workers import services
from workers.models import ChainIdentity, Worker
from workers.sign_in.tokens import SignedAccount, SignedMessage

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = f"0x{'c' * 40}"


def adds(worker: Worker, chain: str) -> Callable[[], Any]:
    signed = SignedAccount(chain, ADDRESS, services.make_nonce().nonce)
    return lambda: services.add_identity(worker_id=worker.pk, signed=signed)


def is_paid(worker: Worker) -> Callable[[], Any]:
    signed = SignedMessage(ADDRESS, services.make_nonce().nonce)
    return lambda: services.change_wallet(worker_id=worker.pk, signed=signed)


def codes_at_once(acts: list[Callable[[], Any]]) -> list[str]:
    """Run the acts at once; return the code of each refusal, "" for a success."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            barrier.wait(timeout=10)
            act()
        except Refusal as refusal:
            return refusal.code
        else:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def test_an_account_that_six_workers_add_at_once_is_of_one():
    acts = [adds(WorkerFactory(), chain) for chain in ("eip155:1", "eip155:5042002") * 3]

    assert codes_at_once(acts) == ["", *["identity_taken"] * 5]
    assert ChainIdentity.objects.count() == 1
    assert violated() == {}


@pytest.mark.shortened
@pytest.mark.parametrize("round_", range(count(short=1, long=5)))
def test_an_address_is_not_an_identity_and_anothers_payout_address(round_):
    acts = [adds(WorkerFactory(), "eip155:1"), is_paid(WorkerFactory(wallet_address=None))]

    assert codes_at_once(acts) in (["", "identity_taken"], ["", "wallet_taken"])
    assert ChainIdentity.objects.count() + Worker.objects.filter(wallet_address=ADDRESS).count() == 1
    assert violated() == {}


def test_a_worker_adds_no_more_than_ten_at_once():
    ana = WorkerFactory()
    acts = []
    for number in range(14):
        signed = SignedAccount("eip155:1", f"0xd{number:039x}", services.make_nonce().nonce)
        acts.append(lambda signed=signed: services.add_identity(worker_id=ana.pk, signed=signed))

    assert codes_at_once(acts) == [*[""] * 10, *["too_many_identities"] * 4]
    assert ana.identities.count() == 10
