from django.db import models
from django.db.models import Q

from gigstream.core.models import Common, GuardedQuerySet
from payments.settlement.switches.enums import SwitchScope


class PaymentSwitch(Common):
    """Stop of payouts, of all of them or of a platform or a provider, until staff turn them on again. A row
    for each stop."""

    scope = models.CharField(max_length=16, choices=SwitchScope.choices)
    subject = models.CharField(
        max_length=64, blank=True, help_text="the platform's id or the provider's name; empty for all payouts"
    )
    reason = models.TextField()
    off_by = models.CharField(max_length=64)
    on_at = models.DateTimeField(null=True, blank=True)
    on_by = models.CharField(max_length=64, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "payment_switches"
        verbose_name_plural = "payment switches"
        constraints = [
            models.UniqueConstraint(
                name="switch_off_once", fields=["scope", "subject"], condition=Q(on_at__isnull=True)
            ),
            models.CheckConstraint(name="switch_scope_known", condition=Q(scope__in=SwitchScope.values)),
            models.CheckConstraint(
                name="switch_names_its_subject",
                condition=Q(scope=SwitchScope.PAYOUTS, subject="")
                | (~Q(scope=SwitchScope.PAYOUTS) & ~Q(subject="")),
            ),
            models.CheckConstraint(name="switch_has_a_reason", condition=~Q(reason="") & ~Q(off_by="")),
            models.CheckConstraint(
                name="switch_on_names_who",
                condition=Q(on_at__isnull=True, on_by="") | (Q(on_at__isnull=False) & ~Q(on_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.subject}".strip()
