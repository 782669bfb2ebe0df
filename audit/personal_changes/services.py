import secrets
from collections.abc import Mapping

from django.db import models

from audit.log import services as audit
from audit.log.context import current_actor
from audit.log.reasons import require_reason
from audit.personal_changes.calculations import digest_of
from audit.personal_changes.models import PersonalChange


def correct_profile(row: models.Model, *, action: str, values: Mapping[str, str], reason: str) -> None:
    """Write the values that differ to the row, which the caller has locked; keep old and new values, and log
    their digests. Raises ReasonMissing."""
    reason = require_reason(reason)
    changes = {name: (getattr(row, name), new) for name, new in values.items() if getattr(row, name) != new}
    if not changes:
        return
    for name, (_, new) in changes.items():
        setattr(row, name, new)
    row.save(update_fields=[*changes, *_own_fields(row) & {"updated_at"}])
    before, after = {}, {}
    for name, (old, new) in changes.items():
        salt = secrets.token_hex(32)
        PersonalChange(
            resource_type=row._meta.model_name or "",
            resource_id=str(row.pk),
            field=name,
            old_value=old,
            new_value=new,
            salt=salt,
            reason=reason,
            changed_by=str(current_actor()),
        ).save(force_insert=True)
        before[name], after[name] = digest_of(old, salt), digest_of(new, salt)
    metadata = {"fields": list(changes), "reason": reason}
    audit.record(action, row, before=before, after=after, metadata=metadata)


def _own_fields(row: models.Model) -> set[str]:
    return {field.name for field in row._meta.concrete_fields}


def erase_personal_changes(*, resource_type: str, resource_id: object) -> int:
    """Delete the values and salts of a row's changes; return how many there were."""
    rows = PersonalChange.objects.filter(resource_type=resource_type, resource_id=str(resource_id))
    return rows.delete()[0]
