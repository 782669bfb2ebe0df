"""The audit log. It knows other apps only by name and id."""

from django.db import models
from django.db.models import Func, Q

from audit.log.enums import ActorType
from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.states import append_only


class CurrentTransactionId(Func):
    """The id of the inserting database transaction, by which the seal finds the rows that are final."""

    function = "txid_current"
    output_field = models.BigIntegerField()


class AuditLog(models.Model):
    """An action, done or refused. Never changes. Holds ids, not personal data."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    actor_type = models.CharField(max_length=16, choices=ActorType.choices)
    actor_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64)
    resource_type = models.CharField(max_length=32)
    resource_id = models.CharField(max_length=64, blank=True)
    changes_before = models.JSONField(default=dict, blank=True)
    changes_after = models.JSONField(default=dict, blank=True)
    success = models.BooleanField(default=True)
    error_message = models.TextField(blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    transaction_number = models.BigIntegerField(
        db_default=CurrentTransactionId(), editable=False, help_text="id of the database transaction"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "audit_logs"
        permissions = [("export_lists", "Can export lists as files")]
        constraints = [
            models.CheckConstraint(
                name="audit_actor_type_known", condition=Q(actor_type__in=ActorType.values)
            ),
            models.CheckConstraint(
                name="audit_refusal_has_a_reason", condition=Q(success=True) | ~Q(error_message="")
            ),
        ]
        indexes = [
            models.Index(name="audit_created", fields=["created_at"]),
            models.Index(name="audit_resource", fields=["resource_type", "resource_id", "created_at"]),
            models.Index(name="audit_actor", fields=["actor_type", "actor_id", "created_at"]),
            models.Index(name="audit_action", fields=["action", "created_at"]),
            models.Index(name="audit_transaction", fields=["transaction_number", "id"]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.action} of {self.resource_type}"
