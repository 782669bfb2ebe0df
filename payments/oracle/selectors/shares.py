"""Shares of distributions as leaves of a Merkle tree (RFC 6962), whose root is written to the chain."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from payments.models import ChainOperation, Distribution, DistributionShare
from payments.oracle.calculations import ShareContent, key_of_distribution, salt_of_share
from payments.oracle.enums import OperationKind
from payments.oracle.errors import DistributionNotRecorded
from payments.royalties.enums import DistributionStatus
from platforms.usage.calculations.merkle import RootBuilder, Step, prove_leaf


def unrecorded_distributions() -> QuerySet[Distribution]:
    """Return the paid distributions for which no record was requested, those paid first to begin with."""
    key = Concat(
        Value("distribution:"),
        Cast("platform_id", CharField()),
        Value(":"),
        Cast("number", CharField()),
    )
    paid = Distribution.objects.filter(status=DistributionStatus.PAID).annotate(key=key)
    recorded = ChainOperation.objects.filter(key=OuterRef("key"))
    return paid.filter(~Exists(recorded)).order_by("paid_at", "pk")


def record_of(distribution: Distribution) -> ChainOperation | None:
    """Return the operation that records a distribution, None while there is none."""
    key = key_of_distribution(distribution.platform_id, distribution.number)
    return ChainOperation.objects.filter(key=key, kind=OperationKind.DISTRIBUTE).first()


def find_distribution(record: ChainOperation) -> Distribution | None:
    """Return the distribution that an operation records, None for one that is not kept here."""
    return Distribution.objects.filter(platform=record.platform_id, number=record.details["number"]).first()


def shares_root(distribution_id: UUID, secret: str) -> str:
    """Return the root over all shares of a distribution, as the chain has it."""
    tree = RootBuilder()
    for _, content in _contents(distribution_id, secret):
        tree.add(content.leaf())
    return "0x" + tree.root().hex()


def _contents(distribution_id: UUID, secret: str) -> Iterator[tuple[int, ShareContent]]:
    """Yield the shares in the order of their numbers, each with the content of its leaf."""
    rows = DistributionShare.objects.filter(distribution=distribution_id).order_by("pk")
    columns = rows.values_list("pk", F("creator__id"), "plays", "weight", "amount")
    for number, creator, plays, weight, amount in columns.iterator():
        salt = salt_of_share(secret, number)
        yield number, ShareContent(distribution_id, creator, plays, weight, amount, salt)


@dataclass(frozen=True, slots=True)
class ShareProof:
    """A proof that a share stands under the root of its distribution, with the operation that records it."""

    content: ShareContent
    index: int
    steps: list[Step]
    record: ChainOperation


def prove_share(share: DistributionShare) -> ShareProof:
    """Return the proof for a share of a distribution. Raises DistributionNotRecorded."""
    record = record_of(share.distribution)
    if record is None or "secret" not in record.details:
        raise DistributionNotRecorded("no record of the distribution was made for the chain yet")
    leaves, index, own = list[bytes](), 0, None
    for number, content in _contents(share.distribution_id, record.details["secret"]):
        if number == share.pk:
            index, own = len(leaves), content
        leaves.append(content.leaf())
    if own is None:
        raise DistributionNotRecorded("the share is not one of the distribution any more")
    return ShareProof(own, index, prove_leaf(leaves, index), record)
