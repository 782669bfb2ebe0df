"""Personal values that corrections on record have changed."""

from collections.abc import Sequence

from audit.log.models import AuditLog
from audit.personal_changes.calculations import digest_of
from audit.personal_changes.models import PersonalChange


def changes_of_lines(lines: Sequence[AuditLog]) -> dict[int, list[PersonalChange]]:
    """Return the personal changes that each of the lines records, by the line's id, in one statement; none
    for lines that record none. A change belongs to the line that has the digests of its values."""
    corrections = [line for line in lines if line.metadata.get("fields") and line.success]
    if not corrections:
        return {}
    changes = PersonalChange.objects.filter(
        resource_type__in={line.resource_type for line in corrections},
        resource_id__in={line.resource_id for line in corrections},
    )
    by_digest = {_key_of(one): one for one in changes}
    return {
        line.pk: [
            by_digest[key]
            for name in line.metadata["fields"]
            if (key := (line.resource_id, name, line.changes_before.get(name), line.changes_after.get(name)))
            in by_digest
        ]
        for line in corrections
    }


def _key_of(change: PersonalChange) -> tuple[str, str, str, str]:
    old, new = (digest_of(value, change.salt) for value in (change.old_value, change.new_value))
    return change.resource_id, change.field, old, new
