"""Approval of distributions by a second member of staff."""

from typing import Any
from uuid import UUID

from audit.approvals.services import approval
from audit.models import Approval
from gigstream.core.money import ZERO, usdc
from payments.royalties.services.distributions import approve_distribution


def _describe(approval: Approval) -> list[tuple[str, str]]:
    given = approval.parameters
    return [
        ("Amount", usdc(approval.amount or ZERO)),
        ("Use of", f"{given['first']} to {given['last']}"),
        ("Shared", given["mode"].replace("_", "-")),
        ("Creators", str(given["creators"])),
    ]


@approval(
    "distribution.approve",
    label="Distribution among creators",
    permission="payments.approve_distribution",
    describe=_describe,
)
def _approve(approval: Approval) -> dict[str, Any]:
    found = approve_distribution(distribution_id=UUID(approval.subject_id), now=approval.decided_at)
    return {"distribution": found.pk}
