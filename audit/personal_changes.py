"""Changes of names and contacts: their values, encrypted and apart from the log, which keeps only digests.

The digest of a value is made with a salt that stands beside the values. Erasing these rows leaves in the log
that a name was changed, when, by whom and why, and nothing from which the name could be guessed.
"""

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256

import pgtrigger
from django.db import models

from audit import services as audit
from audit.context import current_actor
from audit.reasons import require_reason
from gigstream.lib.encryption import EncryptedTextField
from gigstream.lib.models import Common, CommonQuerySet


class PersonalChange(Common):
    """One change of one personal field of a row; `created_at` and the row lead to its line in the log."""

    resource_type = models.CharField(max_length=32)
    resource_id = models.CharField(max_length=64)
    field = models.CharField(max_length=64)
    old_value = EncryptedTextField(blank=True, help_text="encrypted at rest")
    new_value = EncryptedTextField(blank=True, help_text="encrypted at rest")
    salt = models.CharField(max_length=64, help_text="key of the digests that the log keeps")
    reason = models.CharField(max_length=500)
    changed_by = models.CharField(max_length=80, help_text="actor type and id, as in staff:4")

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        app_label = "audit"
        db_table = "personal_changes"
        constraints = [
            models.CheckConstraint(name="personal_change_has_a_reason", condition=~models.Q(reason="")),
        ]
        indexes = [
            models.Index(
                name="personal_changes_of_row", fields=["resource_type", "resource_id", "created_at"]
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="keeps_row_and_reason",
                operation=pgtrigger.UpdateOf(
                    "resource_type", "resource_id", "field", "salt", "reason", "changed_by", "created_at"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.resource_type} {self.resource_id}"


def correct_profile(row: models.Model, *, action: str, values: Mapping[str, str], reason: str) -> None:
    """Write the values that differ to the row, which the caller has locked; keep old and new ones, and write
    one line with their digests to the audit log. Raises ReasonMissing."""
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


def digest_of(value: str, salt: str) -> str:
    """Return HMAC-SHA256 of the value under the salt, in hexadecimal digits."""
    return hmac.new(bytes.fromhex(salt), value.encode(), sha256).hexdigest()


def erase_personal_changes(*, resource_type: str, resource_id: object) -> int:
    """Delete the values and salts of one row's changes; return how many there were."""
    rows = PersonalChange.objects.filter(resource_type=resource_type, resource_id=str(resource_id))
    return rows.delete()[0]
