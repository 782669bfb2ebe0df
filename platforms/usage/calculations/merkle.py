"""Merkle trees of RFC 6962: the root over the events of a receipt, and proofs that events are under it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"
EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(content: bytes) -> bytes:
    """Return the hash of a leaf with this content."""
    return sha256(LEAF + content).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two nodes."""
    return sha256(NODE + left + right).digest()


def _next_level(nodes: Sequence[bytes]) -> list[bytes]:
    """Return the nodes over these, pair by pair; an odd last one rises as it is."""
    pairs = len(nodes) // 2
    # The hash is written out, as a call of its own would double the time for a batch.
    above = [sha256(NODE + nodes[at] + nodes[at + 1]).digest() for at in range(0, 2 * pairs, 2)]
    return above if len(nodes) % 2 == 0 else [*above, nodes[-1]]


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of these leaves."""
    if not leaves:
        return EMPTY_ROOT
    nodes = leaves
    while len(nodes) > 1:
        nodes = _next_level(nodes)
    return nodes[0]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a proof: the hash beside the path, and whether it stands on the left."""

    hash: bytes
    on_left: bool


def prove_leaf(leaves: Sequence[bytes], index: int) -> list[Step]:
    """Return the steps from the leaf at the index up to the root. Raise IndexError outside of the leaves."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} among {len(leaves)}")
    steps, nodes = [], leaves
    while len(nodes) > 1:
        beside = index ^ 1
        if beside < len(nodes):
            steps.append(Step(nodes[beside], on_left=beside < index))
        nodes, index = _next_level(nodes), index // 2
    return steps


def root_from_proof(leaf: bytes, steps: Sequence[Step]) -> bytes:
    """Return the root that the leaf's hash and the steps lead to."""
    found = leaf
    for step in steps:
        found = hash_node(step.hash, found) if step.on_left else hash_node(found, step.hash)
    return found


class RootBuilder:
    """The root over any number of leaves, given one by one, in the memory of a few hashes."""

    def __init__(self) -> None:
        self.count = 0
        # The roots of the whole trees so far, the largest first.
        self._roots: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        self.count += 1
        found, size = leaf, self.count
        while size % 2 == 0:
            found, size = hash_node(self._roots.pop(), found), size // 2
        self._roots.append(found)

    def root(self) -> bytes:
        """Return the root over the leaves so far."""
        if not self._roots:
            return EMPTY_ROOT
        found = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            found = hash_node(left, found)
        return found
