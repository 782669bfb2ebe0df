"""Links between workers and their accounts of social networks."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import delete_some, wait_for_lock
from gigstream.core.unit import after, in_unit
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)
from workers.models import SocialAccount, SocialAuthorization, SocialConflict, Worker
from workers.profiles.services import require_active
from workers.signals import social_account_proved
from workers.social.errors import NetworkLinked, SocialAccountReserved, SocialAccountTaken
from workers.social.networks import all_networks
from workers.social.oauth import SocialUser

RESERVED = timedelta(days=30)
# Letters about the same account and worker.
NOTIFIED_AGAIN = timedelta(days=30)
OWNER, CLAIMANT = "owner", "claimant"


@verb("worker.link_social_account", "worker")
def link_social_account(*, worker_id: UUID, user: SocialUser, now: datetime | None = None) -> SocialAccount:
    """Link the user's account to the worker; an account that is linked to them takes the present username.

    Raises SocialAccountTaken, and notifies both workers; SocialAccountReserved, NetworkLinked, WorkerDeleted
    or WorkerSuspended.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    now = now or database_now()
    wait_for_lock(f"social account {user.network} {user.user_id}")
    account = SocialAccount.objects.filter(network=user.network, network_user_id=user.user_id).first()
    if account is not None and account.worker_id != worker.pk:
        _require_given_up(account, worker, now)
        account.delete()
        account = None
    _require_no_other(user, worker)
    if account is None:
        account = SocialAccount(
            worker=worker, network=user.network, network_user_id=user.user_id, created_at=now
        )
    account.username, account.verified_at, account.unlinked_at = user.username, now, None
    account.save()
    about = {"account": account.pk, "network": account.network}
    audit.record("worker.link_social_account", worker, metadata=about, now=now)
    social_account_proved.send(
        sender=SocialAccount, worker_id=worker.pk, network=user.network, user_id=user.user_id, now=now
    )
    return account


def _require_given_up(account: SocialAccount, worker: Worker, now: datetime) -> None:
    """Raise SocialAccountTaken or SocialAccountReserved unless the other worker unlinked it long ago."""
    if account.unlinked_at is None:
        after(partial(_record_conflict, account_id=account.pk, worker_id=worker.pk, now=now))
        raise SocialAccountTaken("another worker has linked this account: a letter notifies both of you")
    free_at = account.unlinked_at + RESERVED
    if now < free_at:
        raise SocialAccountReserved(
            f"another worker unlinked this account less than {RESERVED.days} days ago: free from"
            f" {free_at.isoformat()}",
            free_at=free_at.isoformat(),
        )


def _require_no_other(user: SocialUser, worker: Worker) -> None:
    linked = SocialAccount.objects.filter(worker=worker, network=user.network, unlinked_at=None)
    other = linked.exclude(network_user_id=user.user_id).first()
    if other is not None:
        raise NetworkLinked(
            f"you have linked another account of {user.network}: unlink it first", linked=other.pk
        )


@verb("worker.unlink_social_account", "worker")
def unlink_social_account(*, worker_id: UUID, account_id: UUID, now: datetime | None = None) -> None:
    """Unlink the worker's account; for 30 days no other worker can link it. Raises
    SocialAccount.DoesNotExist, WorkerDeleted or WorkerSuspended."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    account = SocialAccount.objects.get(pk=account_id, worker=worker, unlinked_at=None)
    account.unlinked_at = now or database_now()
    account.save(update_fields=["unlinked_at"])
    about = {"account": account.pk, "network": account.network}
    audit.record("worker.unlink_social_account", worker, metadata=about, now=account.unlinked_at)


@in_unit
def _record_conflict(*, account_id: UUID, worker_id: UUID, now: datetime) -> None:
    """Record that the worker has proved an account of another's, and notify both of them once in 30 days."""
    account = SocialAccount.objects.locked().filter(pk=account_id).first()
    if account is None:
        return
    social_account_proved.send(
        sender=SocialAccount,
        worker_id=worker_id,
        network=account.network,
        user_id=account.network_user_id,
        now=now,
    )
    conflict, is_new = SocialConflict.objects.get_or_create(
        account=account, worker_id=worker_id, defaults={"created_at": now, "notified_at": now}
    )
    if not is_new:
        if now < conflict.notified_at + NOTIFIED_AGAIN:
            return
        conflict.notified_at = now
        conflict.save(update_fields=["notified_at"])
    for recipient in (OWNER, CLAIMANT):
        enqueue_letter(NOTICE, conflict.pk, recipient=recipient, now=now)


def send_social_notices(*, now: datetime | None = None) -> int:
    """Send the waiting letters about accounts that two workers have proved; return how many were sent."""
    return send_due_letters(NOTICE, now=now)


def _write_notice(letter: Letter, now: datetime) -> Message | None:
    """Return the letter to the owner or to the other worker; None once either has left."""
    found = SocialConflict.objects.select_related("account__worker", "worker")
    conflict = found.filter(pk=letter.subject_id).first()
    if conflict is None:
        return None
    network = all_networks().get(conflict.account.network)
    title = network.title if network else conflict.account.network
    if letter.recipient == OWNER:
        return Message(conflict.account.worker.email, f"Your {title} account", _text_to_owner(title))
    return Message(conflict.worker.email, f"Your {title} account was not linked", _text_to_claimant(title))


NOTICE = register_letter_kind(LetterKind("social_conflict", "send_social_notices", _write_notice))


def _text_to_owner(title: str) -> str:
    return (
        f"Somebody has signed in to {title} with the account that is linked to your GigStream account, to"
        " link it to another GigStream account. This was refused: it stays linked to yours.\n\n"
        f"If it was not you, somebody else can use your {title} account: change its password there. If you"
        " have two GigStream accounts, unlink it from the first; 30 days later the second can link it.\n"
    )


def _text_to_claimant(title: str) -> str:
    return (
        f"You wanted to link a {title} account to your GigStream account. It is linked to another GigStream"
        " account, so this was refused and nothing has changed.\n\n"
        "If both accounts are yours, unlink it from the other; 30 days later this one can link it. If the"
        f" other is not yours, somebody else can use your {title} account: change its password there.\n"
    )


@in_unit
def sweep_social_accounts(*, now: datetime | None = None) -> int:
    """Delete expired authorizations, and accounts whose 30 days since they were unlinked are over; return how
    many."""
    now = now or database_now()
    unlinked = SocialAccount.objects.filter(unlinked_at__lte=now - RESERVED)
    return delete_some(SocialAuthorization.objects.filter(expires_at__lte=now)) + delete_some(unlinked)
