"""Changes of names and contacts: their values, encrypted and apart from the log, which keeps digests only.

The digest of a value is made with a salt that stands beside the values. Erasing these rows leaves in the log
that a name was changed, when, by whom and why, and nothing from which the name could be guessed.
"""

import pgtrigger
from django.db import models

from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import Common, CommonQuerySet


class PersonalChange(Common):
    """A change of a personal field of a row; `created_at` and the row lead to its line in the log."""

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
