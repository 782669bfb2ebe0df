"""Invitations of workers by platforms (docs/decisions/invitations.md)."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import Common, CommonQuerySet
from gigstream.sign_in.models import is_sha256
from workers.models import Worker


class InvitationQuerySet(CommonQuerySet):
    def open(self) -> Self:
        """Narrow to invitations that were not accepted."""
        return self.filter(accepted_at=None)


class Invitation(Common):
    """A platform's invitation, to an email address, to work for it. The job that sends the email makes the
    token, of which only the SHA-256 is kept. The address is not looked up; when a worker accepts, it is
    deleted here. An expired invitation is deleted."""

    platform = models.ForeignKey("platforms.Platform", on_delete=models.CASCADE, related_name="invitations")
    email = EncryptedTextField(blank=True, default="", help_text="encrypted at rest, empty once accepted")
    email_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="keyed, of the address"
    )
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="invitations", null=True, blank=True
    )

    objects = models.Manager.from_queryset(InvitationQuerySet)()

    class Meta:
        db_table = "invitations"
        constraints = [
            models.UniqueConstraint(
                name="invitation_one_open_per_address",
                fields=["platform", "email_hash"],
                condition=Q(accepted_at__isnull=True),
            ),
            models.CheckConstraint(
                name="invitation_token_hash_is_sha256",
                condition=Q(token_hash__isnull=True) | is_sha256("token_hash"),
            ),
            models.CheckConstraint(
                name="invitation_sent_has_a_token",
                condition=Q(sent_at__isnull=True) | Q(token_hash__isnull=False),
            ),
            models.CheckConstraint(
                name="invitation_accepted_as_a_whole",
                condition=(Q(accepted_at__isnull=True, worker__isnull=True) & is_sha256("email_hash"))
                | Q(accepted_at__isnull=False, worker__isnull=False, email="", email_hash=""),
            ),
            models.CheckConstraint(
                name="invitation_expires_after_it_was_made", condition=Q(expires_at__gt=F("created_at"))
            ),
        ]
        indexes = [
            models.Index(name="invitations_of_platform", fields=["platform", "-created_at", "-id"]),
            models.Index(
                name="invitations_to_send", fields=["created_at"], condition=Q(sent_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"
