from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.services import approval
from audit.models import Approval
from payments.ledger.approvals import Lines
from payments.models import PaymentSwitch
from payments.settlement.switches.enums import SwitchScope
from payments.settlement.switches.errors import SwitchedAlready
from payments.settlement.switches.services import let_payments_go_on


# --- Switches -----------------------------------------------------------------------------------------------
def request_go_on(
    *, scope: SwitchScope, subject: str = "", reason: str, now: datetime | None = None
) -> Approval:
    """Request the approval to let payouts of this scope go on. Raises SwitchedAlready or an error of
    `approvals.request`."""
    switch = PaymentSwitch.objects.filter(scope=scope, subject=subject, on_at=None).first()
    if switch is None:
        raise SwitchedAlready(f"{scope} {subject}".strip() + " is not stopped")
    return approvals.request(
        kind="payments.go_on",
        subject=("paymentswitch", str(switch.pk)),
        parameters={"scope": scope, "subject": subject, "stopped_for": switch.reason},
        reason=reason,
        now=now,
    )


def _describe_go_on(approval: Approval) -> Lines:
    parameters = approval.parameters
    return [
        ("Were stopped for", parameters["stopped_for"]),
        ("To be done", "they go on"),
    ]


def _ended_stops(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why an approval would be refused: the payouts go on already."""
    off = PaymentSwitch.objects.filter(pk__in=[one.subject_id for one in waiting], on_at=None)
    stopped = {str(key) for key in off.values_list("pk", flat=True)}
    words = "it changes nothing: they go on already"
    return {one.pk: words for one in waiting if one.subject_id not in stopped}


@approval(
    "payments.go_on",
    label="Letting payouts go on",
    permission="payments.go_on_paymentswitch",
    describe=_describe_go_on,
    find_obstacles=_ended_stops,
)
def _let_go_on(approval: Approval) -> dict[str, Any]:
    parameters = approval.parameters
    if not PaymentSwitch.objects.filter(pk=approval.subject_id, on_at=None).exists():
        raise SwitchedAlready("payouts were let go on meanwhile: another stop is another matter")
    switch = let_payments_go_on(
        scope=SwitchScope(parameters["scope"]),
        subject=parameters["subject"],
        by=approval.decided_by,
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"paymentswitch": switch.pk}
