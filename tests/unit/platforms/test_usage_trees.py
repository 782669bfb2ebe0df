"""Merkle trees against the vectors of RFC 6962's reference implementation, and receipts against tampering."""

import random
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from platforms.usage.calculations.merkle import (
    RootBuilder,
    hash_leaf,
    merkle_root,
    prove_leaf,
    root_from_proof,
)
from platforms.usage.calculations.receipts import LeafContent, canonical_json, leaf_hashes, time_text
from platforms.usage.enums import UsageKind

# Leaves and roots of Certificate Transparency's reference tree, for its first 1 to 8 leaves.
CONTENTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [hash_leaf(bytes.fromhex(content)) for content in CONTENTS]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference(size):
    assert merkle_root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_root_over_nothing_is_the_hash_of_nothing():
    assert merkle_root([]) == sha256(b"").digest() == RootBuilder().root()


def test_each_leaf_of_any_tree_is_proved_and_no_other_one():
    for size in range(1, 40):
        leaves = [hash_leaf(bytes([number])) for number in range(size)]
        root, builder = merkle_root(leaves), RootBuilder()
        for index, leaf in enumerate(leaves):
            steps = prove_leaf(leaves, index)
            builder.add(leaf)
            assert root_from_proof(leaf, steps) == root
            assert root_from_proof(hash_leaf(b"other"), steps) != root
            assert builder.root() == merkle_root(leaves[: index + 1])


@pytest.mark.parametrize("index", [-1, 8])
def test_a_leaf_that_is_not_there_is_not_proved(index):
    with pytest.raises(IndexError):
        prove_leaf(LEAVES, index)


def test_hashes_of_many_leaves_are_those_of_single_ones():
    chance = random.Random(1)
    contents = []
    for number in range(300):
        kind = chance.choice(list(UsageKind))
        at = datetime(2026, 3, 2, 12, 0, chance.randrange(60), chance.choice([0, 1, 999_999]), tzinfo=UTC)
        amount = Decimal(chance.randrange(1, 10**9)).scaleb(-6) if kind >= UsageKind.PURCHASE else None
        contents.append(LeafContent(number, f"work-{number}", kind, at, chance.randrange(9), amount))

    columns = [
        (
            one.number,
            one.work,
            int(one.kind),
            time_text(one.occurred_at),
            one.seconds,
            None if one.amount is None else f"{one.amount:.6f}",
        )
        for one in contents
    ]
    assert leaf_hashes(columns) == [hash_leaf(canonical_json(one.as_json())) for one in contents]
