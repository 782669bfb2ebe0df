import hashlib
import json
import uuid
from datetime import timedelta

from django.db import migrations


def keep_as_approvals(apps, schema_editor):
    """What two have signed stays on record, as an approval that the first asked for and the second made."""
    Approval = apps.get_model("audit", "Approval")
    for loan in apps.get_model("loans", "Loan").objects.filter(approved_at__isnull=False).iterator():
        signed = loan.signatures.filter(act="approve", signed_hash=loan.terms_hash).order_by(
            "signed_at", "id"
        )
        if len(signed) < 2:
            continue
        first, second = signed[0], signed[1]
        payload = {
            "kind": "loan.approve",
            "subject": ["loan", str(loan.pk)],
            "parameters": {"terms_hash": loan.terms_hash},
            "amount": f"{loan.amount:.6f}",
            "reason": "signed under its terms",
        }
        text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        kept = Approval(
            id=uuid.uuid4(),
            kind="loan.approve",
            subject_type="loan",
            subject_id=str(loan.pk),
            parameters=payload["parameters"],
            amount=loan.amount,
            payload_hash=hashlib.sha256(text.encode()).hexdigest(),
            reason=payload["reason"],
            requested_by=first.signed_by,
            requested_at=first.signed_at,
            expires_at=second.signed_at + timedelta(hours=24),
            decision="approved",
            decided_by=second.signed_by,
            decided_at=second.signed_at,
            executed_at=second.signed_at,
            approvers_told_at=second.signed_at,
            requester_told_at=second.signed_at,
        )
        kept.save(force_insert=True)
        actor_type, _, actor_id = kept.decided_by.partition(":")
        apps.get_model("audit", "AuditLog")(
            created_at=kept.decided_at,
            actor_type=actor_type,
            actor_id=actor_id,
            action="approval.approve",
            resource_type="approval",
            resource_id=str(kept.pk),
            changes_after={"decision": "approved"},
            metadata={"kind": kept.kind, "reason": kept.reason},
        ).save(force_insert=True)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0005_approvals"),
        ("loans", "0005_told_platform"),
    ]

    operations = [
        migrations.RunPython(keep_as_approvals, migrations.RunPython.noop),
        migrations.DeleteModel(name="LoanSignature"),
    ]
