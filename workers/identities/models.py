from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Common, CommonQuerySet
from workers.profiles.models import Worker


class ChainIdentity(Common):
    """An account of a chain whose signature has proved it to be a worker's, and which signs them in. It is
    not where the worker is paid."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="identities")
    chain = models.CharField(max_length=41, help_text="CAIP-2 id")
    address = models.CharField(max_length=90, help_text="lower case")
    last_login_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "chain_identities"
        verbose_name_plural = "chain identities"
        constraints = [
            models.UniqueConstraint(name="chain_identity_once", fields=["chain", "address"]),
            models.CheckConstraint(
                name="chain_identity_in_the_form_of_its_chain",
                condition=Q(chain__regex="^eip155:[1-9][0-9]{0,17}$", address__regex="^0x[0-9a-f]{40}$")
                | Q(
                    chain__regex="^cosmos:[-_a-zA-Z0-9]{1,32}$",
                    address__regex="^zig1[02-9ac-hj-np-z]{38}$",
                ),
            ),
            models.CheckConstraint(
                name="chain_identity_used_after_it_was_added",
                condition=Q(last_login_at__isnull=True) | Q(last_login_at__gte=F("created_at")),
            ),
        ]
        indexes = [models.Index(name="chain_identities_address", fields=["address"])]

    def __str__(self) -> str:
        return f"identity {self.pk}"

    @property
    def account_id(self) -> str:
        """The account's CAIP-10 id."""
        return f"{self.chain}:{self.address}"
