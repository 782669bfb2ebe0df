import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Common, CommonQuerySet, is_readable
from gigstream.sign_in.models import is_sha256
from workers.profiles.models import Worker

LONGEST_NETWORK = 24
LONGEST_USER_ID = LONGEST_USERNAME = 128
_NETWORK_FORM = "^[a-z][a-z0-9_-]*$"


class SocialAccount(Common):
    """An account of a social network that its owner has proved over OAuth 2.0. Unlinked, it stays reserved
    for its worker for 30 days. No token of the network is kept."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="social_accounts")
    network = models.CharField(max_length=LONGEST_NETWORK, help_text="of those in SOCIAL_NETWORKS")
    network_user_id = models.CharField(
        max_length=LONGEST_USER_ID, help_text="which the network never changes"
    )
    username = models.CharField(max_length=LONGEST_USERNAME, help_text="when it was verified")
    verified_at = models.DateTimeField()
    unlinked_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "social_accounts"
        constraints = [
            models.UniqueConstraint(name="social_account_once", fields=["network", "network_user_id"]),
            models.UniqueConstraint(
                name="social_account_one_per_worker_and_network",
                fields=["worker", "network"],
                condition=Q(unlinked_at__isnull=True),
            ),
            models.CheckConstraint(
                name="social_account_network_form", condition=Q(network__regex=_NETWORK_FORM)
            ),
            models.CheckConstraint(
                name="social_account_user_id_plain", condition=Q(network_user_id__regex="^[!-~]+$")
            ),
            models.CheckConstraint(
                name="social_account_username_readable",
                condition=is_readable("username") & ~Q(username=""),
            ),
            models.CheckConstraint(
                name="social_account_unlinked_after_it_was_verified",
                condition=Q(unlinked_at__isnull=True) | Q(unlinked_at__gte=F("verified_at")),
            ),
        ]
        indexes = [
            models.Index(
                name="social_accounts_unlinked",
                fields=["unlinked_at"],
                condition=Q(unlinked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"account {self.pk} of {self.network}"


class SocialAuthorization(Common):
    """An authorization that a worker has begun at a social network. Its state, of which only the SHA-256 is
    kept, works once, for this worker, for 10 minutes."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="social_authorizations")
    network = models.CharField(max_length=LONGEST_NETWORK)
    state_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "social_authorizations"
        constraints = [
            models.CheckConstraint(
                name="social_authorization_network_form", condition=Q(network__regex=_NETWORK_FORM)
            ),
            models.CheckConstraint(
                name="social_authorization_state_hash_is_sha256", condition=is_sha256("state_hash")
            ),
            models.CheckConstraint(
                name="social_authorization_expires_after_it_was_made",
                condition=Q(expires_at__gt=F("created_at")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="used_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__used_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"authorization {self.pk} at {self.network}"


class SocialConflict(Common):
    """A worker's proof of a social account that is linked to another worker: one row for each pair."""

    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE, related_name="conflicts")
    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="social_conflicts", help_text="whose proof was refused"
    )
    notified_at = models.DateTimeField(help_text="when letters to both were last requested")

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "social_conflicts"
        constraints = [
            models.UniqueConstraint(
                name="social_conflict_once_per_account_and_worker", fields=["account", "worker"]
            ),
            models.CheckConstraint(
                name="social_conflict_notified_after_it_arose", condition=Q(notified_at__gte=F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"conflict {self.pk}"
