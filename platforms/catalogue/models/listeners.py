"""People who use a platform's works, known by a keyed digest alone."""

from django.db import models
from django.db.models import F, Func, IntegerField, Q, Value
from django.db.models.lookups import Exact

from gigstream.core.clock import DatabaseNow
from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import GuardedQuerySet
from gigstream.core.people.row_names import with_owner
from platforms.catalogue.models.creators import CreatorProfile
from platforms.catalogue.querysets import FollowQuerySet, ListenerKeyQuerySet
from platforms.platforms.models import Platform

DIGEST_BYTES = 32


class ListenerKey(models.Model):
    """A platform's key, under which its ids of listeners become digests. A key is retired when another takes
    its place, and destroyed 13 months later: nobody can then tell who its listeners were."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="listener_keys")
    secret = EncryptedTextField(blank=True, help_text="encrypted at rest, empty once it is destroyed")
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(ListenerKeyQuerySet)()

    class Meta:
        db_table = "listener_keys"
        constraints = [
            models.UniqueConstraint(
                name="listener_key_one_current_per_platform",
                fields=["platform"],
                condition=Q(retired_at__isnull=True),
            ),
            models.CheckConstraint(
                name="listener_key_destroyed_as_a_whole",
                condition=Q(Q(destroyed_at__isnull=True), ~Q(secret=""))
                | Q(destroyed_at__isnull=False, retired_at__isnull=False, secret=""),
            ),
        ]

    def __str__(self) -> str:
        return f"key {self.pk}"


class Listener(models.Model):
    """A person who uses works of a platform. Without a digest nobody knows any more who it was: the person
    was erased, or was not seen for 13 months after the key was retired. What they used stays counted."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="listeners", db_index=False)
    key = models.ForeignKey(
        ListenerKey, on_delete=models.PROTECT, related_name="listeners", null=True, blank=True, db_index=False
    )
    digest = models.BinaryField(
        max_length=DIGEST_BYTES, null=True, blank=True, help_text="HMAC-SHA256 of the platform's id"
    )
    last_seen_on = models.DateField()
    known_since = models.DateField(
        null=True, blank=True, help_text="first day with a play of those whose listeners are final"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "listeners"
        constraints = [
            # Digests differ at once: comparing them first makes finding thousands a third cheaper.
            models.UniqueConstraint(name="listener_once_per_platform", fields=["digest", "key", "platform"]),
            models.CheckConstraint(
                name="listener_digest_with_its_key",
                condition=Q(key__isnull=True, digest__isnull=True)
                | Q(key__isnull=False, digest__isnull=False),
            ),
            models.CheckConstraint(
                name="listener_digest_is_sha256",
                condition=Q(digest__isnull=True)
                | Q(
                    Exact(
                        Func(F("digest"), function="octet_length", output_field=IntegerField()),
                        Value(DIGEST_BYTES),
                    )
                ),
            ),
        ]
        indexes = [models.Index(name="listeners_of_key", fields=["key"], condition=Q(key__isnull=False))]

    def __str__(self) -> str:
        return f"listener {self.pk}"


class Follow(models.Model):
    """A listener's following of a creator, from a time until a time."""

    id = models.BigAutoField(primary_key=True)
    listener = models.ForeignKey(Listener, on_delete=models.PROTECT, related_name="follows", db_index=False)
    creator = models.ForeignKey(
        CreatorProfile, on_delete=models.PROTECT, related_name="follows", db_index=False
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(FollowQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "follows"
        constraints = [
            models.UniqueConstraint(
                name="follow_one_open_per_pair",
                fields=["listener", "creator"],
                condition=Q(until__isnull=True),
            ),
            models.CheckConstraint(
                name="follow_ends_after_it_began",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]
        indexes = [
            # With its end, so that followers are counted in the index.
            models.Index(name="follows_of_creator", fields=["creator", "-since", "-id"], include=["until"])
        ]

    def __str__(self) -> str:
        return with_owner("follow", self, "creator")
