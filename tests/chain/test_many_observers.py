"""Any number of workers may look at the chain at once."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from payments import services as payments
from payments.models import ObservedTransfer, Transaction
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, balance

pytestmark = pytest.mark.django_db(transaction=True)


def look(_):
    try:
        return payments.observe_deposits(now=NOW)
    finally:
        connection.close()


def test_several_workers_at_once_credit_each_deposit_once(node):
    payments.observe_deposits(now=NOW)
    owners = [
        PlatformFactory(wallet_address=node.wallets[one], wallet_id=f"wallet {one}") for one in range(1, 5)
    ]
    for owner in owners * 3:
        node.mint(owner.wallet_address, "1.25")
        node.mine()
    node.mine(2)

    with ThreadPoolExecutor(6) as threads:
        credited = list(threads.map(look, range(12)))

    assert sum(credited) == Transaction.objects.filter(type="deposit").count() == 12
    assert {balance(owner, "available") for owner in owners} == {Decimal("3.75")}
    assert set(ObservedTransfer.objects.values_list("status", flat=True)) == {"credited"}
    assert violated() == {}
