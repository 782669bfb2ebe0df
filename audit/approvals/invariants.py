from audit.approvals.enums import ApprovalDecision
from audit.approvals.services import hash_of
from audit.books.invariant_registry import Invariant, by_sql, register
from audit.chain import services as sealing
from audit.models import Approval

register(
    Invariant(
        "audit_chain_verifies",
        "Every link of the audit chain follows from its rows and from the link before.",
        lambda: [str(seal_id) for seal_id in sealing.broken_seals()],
    )
)


def _find_changed_payloads() -> list[str]:
    """Return the ids of approved actions that differ, by their hash, from the request."""
    approved = Approval.objects.filter(decision=ApprovalDecision.APPROVED).order_by("pk")
    return [str(row.pk) for row in approved.iterator() if hash_of(row) != row.payload_hash]


register(
    Invariant(
        "approval_is_of_two_people",
        "An approved action was requested by one member of staff and approved by another, in time.",
        by_sql(
            """
            SELECT id FROM approvals WHERE decision = 'approved'
            AND (decided_by = requested_by OR decided_by NOT LIKE 'staff:%' OR decided_at >= expires_at
                 OR (executed_at IS NULL) = (error = ''))
            """
        ),
        money=True,
    )
)


register(
    Invariant(
        "approval_executes_its_request",
        "The hash of each approved action is that of its request.",
        _find_changed_payloads,
        money=True,
    )
)


register(
    Invariant(
        "approval_is_in_the_log",
        "Each decision on a request is in the audit log, by its decider.",
        by_sql(
            """
            SELECT a.id FROM approvals a
            WHERE a.decision IN ('approved', 'refused', 'withdrawn') AND NOT EXISTS (
                SELECT 1 FROM audit_logs l
                WHERE l.resource_type = 'approval' AND l.resource_id = a.id::text
                AND l.action <> 'approval.request'
                AND a.decided_by = l.actor_type || ':' || l.actor_id)
            """
        ),
    )
)
