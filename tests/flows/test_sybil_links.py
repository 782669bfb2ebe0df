"""Links of accounts against their definition, and the work of a run that looks for them."""

import json
import random
from collections import defaultdict
from decimal import Decimal
from itertools import combinations

import pytest
from django.db import connection

from gigstream.core import sql
from reputation.models import WorkerTie
from reputation.sybils import services as sybils
from reputation.sybils.calculations import LINK_NEEDS, MOST_ACCOUNTS_OF_A_KEY, WEIGHTS, light_kinds
from reputation.sybils.enums import TieKind
from reputation.sybils.services import Tie, clusters
from tests.support.factories import NOW, WorkerFactory
from tests.support.long_forms import count

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tables():
    for statement in clusters.TABLES:
        sql.rows(statement)


def links_by_definition(ties, register):
    """Return the pairs of accounts whose shared kinds weigh enough together, by looking at each pair."""
    holders = defaultdict(set)
    for worker, kind, key in ties:
        holders[kind, key].add(worker)
    keys_of = defaultdict(set)
    for found, accounts in holders.items():
        if len(accounts) <= MOST_ACCOUNTS_OF_A_KEY:
            for worker in accounts:
                keys_of[worker].add(found)
    return {
        (one, other)
        for one, other in combinations(sorted(keys_of), 2)
        if sum(register[kind] for kind in {kind for kind, _ in keys_of[one] & keys_of[other]}) >= LINK_NEEDS
    }


def written_links():
    rows = sql.rows("SELECT a, b FROM sybil_links")
    links = {(row["a"], row["b"]) for row in rows}
    assert len(links) == len(rows)
    return links


def random_ties(chance, accounts, kinds):
    """Return ties of which a few keys are of a crowd, some of a handful, most of one or two."""
    ties = set()
    for kind in kinds:
        for key in range(40):
            most = chance.choice((1, 2, 2, 3, 3, 5, 8, MOST_ACCOUNTS_OF_A_KEY, MOST_ACCOUNTS_OF_A_KEY + 1))
            ties |= {(worker, kind, str(key)) for worker in chance.sample(accounts, most)}
    return ties


@pytest.mark.shortened
@pytest.mark.parametrize("seed", range(count(short=2, long=8)))
def test_links_are_the_pairs_that_share_enough(seed):
    chance = random.Random(seed)
    accounts = [WorkerFactory().pk for _ in range(60)]
    # The register's weights first, then others, under which other kinds weigh too little.
    register = WEIGHTS if seed < 4 else {kind: Decimal(chance.randint(1, 9)) / 10 for kind in TieKind}
    ties = random_ties(chance, accounts, list(TieKind))
    sybils.note_ties([Tie(*tie) for tie in ties], now=NOW)

    clusters.write_links(register)

    expected = links_by_definition(ties, register)
    assert expected
    assert written_links() == expected


def test_devices_and_networks_alone_link_only_together():
    one, two, three = sorted(WorkerFactory().pk for _ in range(3))
    shared = {TieKind.DEVICE: (one, two, three), TieKind.NETWORK: (one, three)}
    sybils.note_ties(
        [Tie(worker, kind, "same") for kind, workers in shared.items() for worker in workers], now=NOW
    )

    clusters.write_links()

    assert written_links() == {(one, three)}


def test_the_kinds_that_link_nobody_together():
    assert light_kinds(WEIGHTS) == [TieKind.NETWORK]
    assert light_kinds({TieKind.DEVICE: Decimal("0.3"), TieKind.NETWORK: Decimal("0.4")}) == [
        TieKind.DEVICE,
        TieKind.NETWORK,
    ]
    assert light_kinds({TieKind.SOCIAL: Decimal(1)}) == []


def test_network_addresses_make_no_pairs_of_their_own():
    """A network address that twenty accounts share would make 190 pairs, of which none is linked by it."""
    accounts = [WorkerFactory().pk for _ in range(60)]
    chance = random.Random(7)
    ties = {
        (worker, TieKind.NETWORK, f"{round_} {number // MOST_ACCOUNTS_OF_A_KEY}")
        for round_ in range(30)
        for number, worker in enumerate(chance.sample(accounts, len(accounts)))
    }
    pairs = [accounts[number : number + 2] for number in range(0, len(accounts), 2)]
    ties |= {(worker, TieKind.DEVICE, str(number)) for number, pair in enumerate(pairs) for worker in pair}
    sybils.note_ties([Tie(*tie) for tie in ties], now=NOW)
    statements = []

    def keep(execute, statement, parameters, many, context):
        statements.append((statement, parameters))
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(keep):
        clusters.write_links()

    assert written_links() == links_by_definition(ties, WEIGHTS)
    assert most_rows_of_a_step(*statements[-1]) <= 2 * WorkerTie.objects.count()


def most_rows_of_a_step(statement, parameters):
    """Return how many rows the largest node of the plan has made when the statement ran."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        (plan,) = cursor.fetchone()
    plan = json.loads(plan) if isinstance(plan, str) else plan

    def largest(node):
        own = node["Actual Loops"] * node["Actual Rows"]
        return max([own, *map(largest, node.get("Plans", ()))])

    return largest(plan[0]["Plan"])
