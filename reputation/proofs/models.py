import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Changing, Common, CommonQuerySet, GuardedQuerySet
from gigstream.core.states import status_trigger
from reputation.proofs.enums import PROOF_MOVES, ProofStatus
from reputation.quests.models import Quest, QuestEvent
from workers.models import Worker

_PROVED = Q(status=ProofStatus.PROVED)
_REFUSED = Q(status=ProofStatus.REFUSED)


class ChainProof(Changing):
    """A transaction that a worker names as their act for a quest. It becomes an event of the quest once the
    chain shows it, so that nobody's event stands on the transaction of another."""

    quest = models.ForeignKey(Quest, on_delete=models.PROTECT, related_name="chain_proofs", db_index=False)
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="chain_proofs", db_index=False)
    tx_hash = models.CharField(max_length=66)
    status = models.CharField(max_length=16, choices=ProofStatus.choices, default=ProofStatus.RECEIVED)
    received_at = models.DateTimeField(help_text="when it was last named")
    next_look_at = models.DateTimeField(null=True, blank=True)
    block_number = models.BigIntegerField(null=True, blank=True)
    amount = models.DecimalField(
        max_digits=38, decimal_places=0, null=True, blank=True, help_text="in the smallest units of its token"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    event = models.OneToOneField(
        QuestEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="chain_proof"
    )
    code = models.CharField(max_length=40, blank=True, help_text="why it was refused")
    message = models.TextField(blank=True)
    numbers = models.JSONField(default=dict, blank=True, help_text="the values that decided")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "chain_proofs"
        constraints = [
            models.UniqueConstraint(
                name="chain_proof_once_per_worker", fields=["worker", "quest", "tx_hash"]
            ),
            models.CheckConstraint(
                name="chain_proof_names_a_transaction", condition=Q(tx_hash__regex="^0x[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="chain_proof_status_known", condition=Q(status__in=ProofStatus.values)
            ),
            models.CheckConstraint(
                name="chain_proof_looked_up_until_decided",
                condition=Q(status=ProofStatus.RECEIVED, next_look_at__isnull=False, decided_at__isnull=True)
                | (~Q(status=ProofStatus.RECEIVED) & Q(next_look_at__isnull=True, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="chain_proof_shown_has_its_event",
                condition=(
                    _PROVED
                    & Q(event__isnull=False, block_number__isnull=False, amount__isnull=False, amount__gte=0)
                )
                | (~_PROVED & Q(event__isnull=True, block_number__isnull=True, amount__isnull=True)),
            ),
            models.CheckConstraint(
                name="chain_proof_refused_with_a_reason",
                condition=(_REFUSED & ~Q(code="")) | (~_REFUSED & Q(code="", message="")),
            ),
        ]
        indexes = [
            models.Index(
                name="chain_proofs_to_look_up",
                fields=["next_look_at"],
                condition=Q(status=ProofStatus.RECEIVED),
            ),
            models.Index(name="chain_proofs_of_a_worker", fields=["worker", "created_at", "id"]),
            models.Index(name="chain_proofs_recent", fields=["-created_at", "-id"]),
            models.Index(name="chain_proofs_of_a_quest", fields=["quest"]),
        ]
        triggers = [status_trigger(PROOF_MOVES)]

    def __str__(self) -> str:
        return f"transaction {self.tx_hash}"


class ReferralQuerySet(CommonQuerySet):
    """Referrals of workers."""


class Referral(Common):
    """A worker whom another has referred. It counts for quests of referrals once the referred worker has been
    paid for a first task."""

    worker = models.OneToOneField(
        Worker, on_delete=models.CASCADE, related_name="referral", help_text="who was referred"
    )
    referrer = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="referrals", db_index=False)
    counted_at = models.DateTimeField(
        null=True, blank=True, help_text="when the first paid task was counted for quests"
    )

    objects = models.Manager.from_queryset(ReferralQuerySet)()

    class Meta:
        db_table = "referrals"
        constraints = [
            models.CheckConstraint(name="referral_by_another", condition=~Q(worker=F("referrer"))),
            models.CheckConstraint(
                name="referral_counted_after_it_was_named",
                condition=Q(counted_at__isnull=True) | Q(counted_at__gte=F("created_at")),
            ),
        ]
        indexes = [
            models.Index(name="referrals_recent", fields=["-created_at", "-id"]),
            models.Index(name="referrals_of_a_referrer", fields=["referrer", "created_at"]),
            models.Index(
                name="referrals_to_count", fields=["created_at"], condition=Q(counted_at__isnull=True)
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="named_once", operation=pgtrigger.UpdateOf("worker_id", "referrer_id", "created_at")
            )
        ]

    def __str__(self) -> str:
        return f"referral {self.pk}"
