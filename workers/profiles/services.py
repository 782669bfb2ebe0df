"""Workers: registration, profile, wallet, status, departure; and their derived columns that depend on no
other table."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction

from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.services import verb
from audit.personal_changes.services import correct_profile, erase_personal_changes
from gigstream.api import idempotency
from gigstream.core.addresses import normal_address
from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from gigstream.core.people.emails import normal_email
from gigstream.core.people.names import normal_name
from gigstream.core.postgres.transactions import wait_for_lock
from gigstream.core.states import require_move
from gigstream.core.unit import in_unit
from workers.departures import worker_departures
from workers.models import Worker
from workers.profiles.enums import WORKER_MOVES, PayoutSchedule, WorkerStatus
from workers.profiles.errors import CountryChangedRecently, EmailTaken, WorkerDeleted, WorkerSuspended
from workers.signals import time_zone_changed, wallet_set, worker_deleted, workers_registered
from workers.vocabulary import SUSPENSION
from workers.wallets.errors import WalletTaken

COUNTRY_HOLDS = timedelta(days=90)
FIRST_ID = UUID(int=0)


@verb("worker.register", "worker")
def register_worker(
    *,
    email: str,
    full_name: str,
    password: str | None = None,
    encoded_password: str = "",
    wallet_address: str | None = None,
    wallet_id: str = "",
    worker_id: UUID | None = None,
    now: datetime | None = None,
) -> Worker:
    """Register an active worker, under `worker_id` if given. The caller has proof of the email address and of
    the wallet's signature; a custody wallet, which comes with a `wallet_id`, signs nothing.

    Raises InvalidEmail, InvalidName, EmailTaken, WalletTaken or InvalidAddress.
    """
    now = now or database_now()
    email, full_name = normal_email(email), normal_name(full_name)
    address = normal_address(wallet_address) if wallet_address else None
    if Worker.objects.filter(email=email).exists():
        raise EmailTaken("another worker has this email address")
    require_free_wallet(address=address)
    worker = Worker(
        id=worker_id or new_id(),
        email=email,
        full_name=full_name,
        email_proved_at=now,
        password_hash=make_password(password) if password else encoded_password,
        wallet_address=address,
        wallet_proved_at=now if address and not wallet_id else None,
        wallet_id=wallet_id,
        created_at=now,
    )
    _save_unique(worker)
    audit.record("worker.register", worker, now=now)
    workers_registered.send(sender=Worker, workers=[worker])
    return worker


def _save_unique(worker: Worker) -> None:
    """Save the worker. Raises EmailTaken or WalletTaken also where another transaction was faster."""
    try:
        with transaction.atomic():
            worker.save()
    except IntegrityError as error:
        if "wallet" in str(error):
            raise WalletTaken("another worker is paid at this address") from error
        raise EmailTaken("another worker has this email address") from error


def require_free_wallet(*, address: str | None, besides: UUID | None = None) -> None:
    """Raise WalletTaken when another worker is paid at this address, which is in lower case, or has it as an
    identity. Until the transaction ends the answer holds."""
    if not address:
        return
    # Two tables have addresses, so that no unique key keeps two workers from one at once.
    wait_for_lock(f"address {address}")
    others = Worker.objects.exclude(pk=besides) if besides else Worker.objects.all()
    if others.filter(wallet_address=address).exists() or others.filter(identities__address=address).exists():
        raise WalletTaken("another worker is paid at this address, or signs in with it")


@verb("worker.rename", "worker")
def rename_worker(*, worker_id: UUID, full_name: str) -> Worker:
    """Change the worker's name. Raises InvalidName, WorkerDeleted or WorkerSuspended."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    worker.full_name = normal_name(full_name)
    worker.save(update_fields=["full_name", "updated_at"])
    # Neither name: the log outlives a worker who wants to be erased.
    audit.record("worker.rename", worker)
    return worker


@verb("worker.set_place", "worker")
def set_place(
    *, worker_id: UUID, country: str | None = None, time_zone: str | None = None, now: datetime | None = None
) -> Worker:
    """Set the country and the time zone as the worker states them. The country changes at most once in 90
    days. Raises CountryChangedRecently, WorkerDeleted or WorkerSuspended."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    now = now or database_now()
    if country is not None and country != worker.country:
        _require_settled_country(worker, now)
        worker.country, worker.country_changed_at = country, now
    moved = time_zone is not None and time_zone != worker.time_zone
    if time_zone is not None:
        worker.time_zone = time_zone
    worker.save(update_fields=["country", "country_changed_at", "time_zone", "updated_at"])
    audit.record("worker.set_place", worker, now=now)
    if moved:
        time_zone_changed.send(sender=Worker, worker=worker, now=now)
    return worker


def _require_settled_country(worker: Worker, now: datetime) -> None:
    changed_at = worker.country_changed_at
    if changed_at is not None and now < changed_at + COUNTRY_HOLDS:
        possible_at = (changed_at + COUNTRY_HOLDS).isoformat()
        raise CountryChangedRecently(
            f"the country was changed less than {COUNTRY_HOLDS.days} days ago: again from {possible_at}",
            possible_at=possible_at,
        )


@verb("worker.set_wallet", "worker")
def set_wallet(*, worker_id: UUID, wallet_address: str, now: datetime | None = None) -> Worker:
    """Set the worker's proved payout address. It holds for payouts made from now on.

    Raises InvalidAddress, WalletTaken, WorkerDeleted or WorkerSuspended.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    address = normal_address(wallet_address)
    require_free_wallet(address=address, besides=worker.pk)
    worker.wallet_address, worker.wallet_proved_at = address, now or database_now()
    _save_unique(worker)
    # The address itself is personal and outlives nobody here: the log says only that it changed.
    audit.record("worker.set_wallet", worker, now=now)
    wallet_set.send(sender=Worker, worker=worker, now=worker.wallet_proved_at)
    return worker


@verb("worker.give_wallet", "worker")
def give_wallet(*, worker_id: UUID, wallet_address: str, wallet_id: str, now: datetime | None = None) -> bool:
    """Give a worker without a payout address this custody wallet; return whether it was given: not to a
    worker who has an address by now or has left. Raises WalletTaken."""
    worker = Worker.objects.locked().get(pk=worker_id)
    if worker.wallet_address is not None or worker.deleted_at is not None:
        return False
    address = normal_address(wallet_address)
    require_free_wallet(address=address, besides=worker.pk)
    worker.wallet_address, worker.wallet_id, worker.wallet_proved_at = address, wallet_id, None
    _save_unique(worker)
    audit.record("worker.give_wallet", worker, now=now)
    return True


@verb("worker.set_payout_schedule", "worker")
def choose_payout_schedule(*, worker_id: UUID, schedule: PayoutSchedule) -> Worker:
    """Write the worker's payout schedule, which `payments` follows. Raises WorkerDeleted or
    WorkerSuspended."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    worker.payout_schedule = schedule
    worker.save(update_fields=["payout_schedule", "updated_at"])
    return worker


@verb("worker.suspend", "worker")
def suspend_worker(*, worker_id: UUID, reason: str) -> Worker:
    """Suspend the worker: no new work, payouts or advances until they are reinstated. Earnings go on."""
    return _change_status(worker_id, WorkerStatus.SUSPENDED, "worker.suspend", reason)


@verb("worker.reinstate", "worker")
def reinstate_worker(*, worker_id: UUID, reason: str) -> Worker:
    """End the worker's suspension."""
    return _change_status(worker_id, WorkerStatus.ACTIVE, "worker.reinstate", reason)


def _change_status(worker_id: UUID, after: WorkerStatus, action: str, reason: str) -> Worker:
    worker = Worker.objects.locked_alone().get(pk=worker_id)
    require_present(worker=worker)
    require_move(WORKER_MOVES, subject=f"worker {worker.reference}", before=worker.status, after=after)
    before, worker.status = worker.status, after
    worker.save(update_fields=["status", "updated_at"])
    outcome = "reinstated" if after == WorkerStatus.ACTIVE else "suspended"
    decided = Case(
        subject=worker,
        worker_id=worker.pk,
        outcome=outcome,
        inputs={"status": before},
        sentence=f"The account was {outcome}.",
        reason=reason,
    )
    decide(SUSPENSION, decided)
    audit.record(
        action, worker, before={"status": before}, after={"status": after}, metadata={"reason": reason}
    )
    return worker


@verb("worker.delete", "worker")
def delete_worker(*, worker_id: UUID) -> None:
    """Delete the worker; with money history, anonymise them and mark them deleted.

    Raises a Refusal while they have open tasks, a balance, a payout under way or a debt.
    """
    worker = Worker.objects.locked_alone().get(pk=worker_id)
    require_present(worker=worker)
    worker_departures.require_finished(worker)
    worker.wallet_changes.all().delete()
    worker.identities.all().delete()
    # The authorizations under way and the conflicts about these accounts go with them.
    worker.social_accounts.all().delete()
    worker.social_authorizations.all().delete()
    worker.social_conflicts.all().delete()
    erase_personal_changes(resource_type="worker", resource_id=worker.pk)
    idempotency.delete_responses(caller=f"worker:{worker.pk}")
    audit.record("worker.delete", worker)
    worker_deleted.send(sender=Worker, worker=worker, now=database_now())
    worker.delete()


@verb("worker.edit", "worker")
def correct_worker(*, worker_id: UUID, values: Mapping[str, str], reason: str) -> Worker:
    """Write these values of the worker's profile; the old ones are kept with the reason, encrypted, until the
    worker is erased. Raises InvalidName, WorkerDeleted or ReasonMissing."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_present(worker=worker)
    if "full_name" in values:
        values = {**values, "full_name": normal_name(values["full_name"])}
    correct_profile(worker, action="worker.edit", values=values, reason=reason)
    return worker


def lock_active_worker(*, worker_id: UUID) -> Worker:
    """Lock the worker and return them as they are now.

    Raises WorkerDeleted or WorkerSuspended unless they may take work and money. A status that was read before
    a wait for another lock may be outdated; from here on it stays until the transaction ends.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    return worker


def lock_present_workers(*, worker_ids: Collection[UUID]) -> dict[UUID, Worker]:
    """Lock the workers in the order of their ids; return by id those who have not left."""
    found = Worker.objects.locked().filter(pk__in=worker_ids, deleted_at=None)
    return {worker.pk: worker for worker in found}


def require_active(*, worker: Worker) -> None:
    """Raise WorkerDeleted or WorkerSuspended unless the worker may take work and money."""
    require_present(worker=worker)
    if worker.status != WorkerStatus.ACTIVE:
        raise WorkerSuspended(f"worker {worker.reference} is suspended", status=worker.status)


def require_present(*, worker: Worker) -> None:
    if worker.deleted_at is not None:
        raise WorkerDeleted(
            f"worker {worker.reference} was deleted", deleted_at=worker.deleted_at.isoformat()
        )


def touch_last_active(*, worker_ids: list[UUID], at: datetime) -> None:
    """Raise `last_active_at` of the workers to `at` where it is earlier: the rule `update_worker_last_active`
    for a set."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH touched AS (
                SELECT id FROM workers
                WHERE id = ANY(%(ids)s) AND (last_active_at IS NULL OR last_active_at < %(at)s)
                ORDER BY id FOR NO KEY UPDATE
            )
            UPDATE workers SET last_active_at = %(at)s FROM touched WHERE workers.id = touched.id
            """,
            {"ids": sorted(set(worker_ids)), "at": at},
        )


def age_accounts(*, now: datetime | None = None) -> int:
    """Bring every account's age to whole days on the UTC day of `now` (the rule `update_account_ages`);
    return how many changed. Each batch is a transaction of its own, so that no row stays locked for long."""
    now = now or database_now()
    aged, after = 0, FIRST_ID
    while True:
        count, last = _age_batch(after, now)
        aged += count
        if last is None:
            return aged
        after = last


@in_unit
def _age_batch(after: UUID, now: datetime) -> tuple[int, UUID | None]:
    """Age the next accounts behind the id `after`; return how many, and the last id if there may be more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH aged AS (
                SELECT id FROM workers
                WHERE account_aged_on IS DISTINCT FROM (%(now)s AT TIME ZONE 'UTC')::date
                  AND created_at <= %(now)s AND id > %(after)s
                ORDER BY id LIMIT %(most)s FOR NO KEY UPDATE
            )
            UPDATE workers
            SET account_aged_on = (%(now)s AT TIME ZONE 'UTC')::date,
                account_age_days = (%(now)s AT TIME ZONE 'UTC')::date
                                 - (created_at AT TIME ZONE 'UTC')::date
            FROM aged WHERE workers.id = aged.id
            RETURNING workers.id
            """,
            {"now": now, "after": after, "most": settings.DAILY_BATCH_SIZE},
        )
        ids = [id_ for (id_,) in cursor.fetchall()]
    return len(ids), max(ids) if len(ids) == settings.DAILY_BATCH_SIZE else None


# Workers whose age is not that of the day for which it was computed.
WRONG_AGES = """
    SELECT id, days FROM (
        SELECT id, account_age_days,
               coalesce(account_aged_on - (created_at AT TIME ZONE 'UTC')::date, 0) AS days
        FROM workers
    ) AS ages
    WHERE account_age_days <> days
"""


@in_unit
def recompute_account_ages() -> int:
    """Correct each account's age to the day for which it was computed; return how many were wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workers ORDER BY id FOR NO KEY UPDATE")
        cursor.execute(
            f"""
            UPDATE workers SET account_age_days = wrong.days
            FROM ({WRONG_AGES}) AS wrong WHERE workers.id = wrong.id
            """  # noqa: S608 - a constant of ours
        )
        return cursor.rowcount
