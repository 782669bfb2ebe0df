"""Workers: registered, wallet, standing, leaving; and the two derived columns that hang on nothing else."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction

from audit import answers
from audit import services as audit
from audit.personal_changes import correct_profile, erase_personal_changes
from audit.services import verb
from gigstream.lib.addresses import normal_address
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.emails import normal_email
from gigstream.lib.ids import new_id
from gigstream.lib.names import normal_name
from gigstream.lib.states import require_move
from workers.departures import worker_departures
from workers.enums import WORKER_MOVES, PayoutSchedule, WorkerStatus
from workers.errors import CountryChangedRecently, EmailTaken, WalletTaken, WorkerDeleted, WorkerSuspended
from workers.models import Worker
from workers.signals import worker_deleted, worker_standing_changed, workers_registered

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
    """A new active worker exists, under `worker_id` if given. The caller knows that the email address is
    theirs, and that the wallet, unless it is a custody wallet with an id, has signed.

    Raises InvalidEmail, InvalidName, EmailTaken, WalletTaken or InvalidAddress.
    """
    now = now or database_now()
    email, full_name = normal_email(email), normal_name(full_name)
    address = normal_address(wallet_address) if wallet_address else None
    if Worker.objects.filter(email=email).exists():
        raise EmailTaken("another worker has this email address")
    require_free_wallet(address)
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
    """Save; a race for the same email or wallet is refused like a plain repetition."""
    try:
        with transaction.atomic():
            worker.save()
    except IntegrityError as error:
        if "wallet" in str(error):
            raise WalletTaken("another worker is paid at this address") from error
        raise EmailTaken("another worker has this email address") from error


def require_free_wallet(address: str | None, *, besides: UUID | None = None) -> None:
    """Raise WalletTaken when another worker is paid at this address, which is in lower case."""
    others = Worker.objects.exclude(pk=besides) if besides else Worker.objects.all()
    if address and others.filter(wallet_address=address).exists():
        raise WalletTaken("another worker is paid at this address")


@verb("worker.rename", "worker")
def rename_worker(*, worker_id: UUID, full_name: str) -> Worker:
    """The worker goes by another name. Raises InvalidName or the worker's standing."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker)
    worker.full_name = normal_name(full_name)
    worker.save(update_fields=["full_name", "updated_at"])
    # Neither name: the log outlives who asks to be forgotten.
    audit.record("worker.rename", worker)
    return worker


@verb("worker.set_place", "worker")
def set_place(
    *, worker_id: UUID, country: str | None = None, time_zone: str | None = None, now: datetime | None = None
) -> Worker:
    """The worker lives, by their own word, in this country, and in this time zone. Another country is named
    at most once in 90 days. Raises CountryChangedRecently or the worker's standing."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker)
    now = now or database_now()
    if country is not None and country != worker.country:
        _require_settled_country(worker, now)
        worker.country, worker.country_changed_at = country, now
    if time_zone is not None:
        worker.time_zone = time_zone
    worker.save(update_fields=["country", "country_changed_at", "time_zone", "updated_at"])
    audit.record("worker.set_place", worker, now=now)
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
    """Payouts made from now on go to this address, which has signed; payouts under way keep theirs."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker)
    address = normal_address(wallet_address)
    require_free_wallet(address, besides=worker.pk)
    worker.wallet_address, worker.wallet_proved_at = address, now or database_now()
    _save_unique(worker)
    # The address itself is personal and outlives nobody here: the log says only that it changed.
    audit.record("worker.set_wallet", worker, now=now)
    return worker


@verb("worker.give_wallet", "worker")
def give_wallet(*, worker_id: UUID, wallet_address: str, wallet_id: str, now: datetime | None = None) -> bool:
    """A worker without an address is paid into this custody wallet, at once. One who has given an address
    meanwhile keeps it, and one who has left needs none: then False. Raises WalletTaken."""
    worker = Worker.objects.locked().get(pk=worker_id)
    if worker.wallet_address is not None or worker.deleted_at is not None:
        return False
    address = normal_address(wallet_address)
    require_free_wallet(address, besides=worker.pk)
    worker.wallet_address, worker.wallet_id, worker.wallet_proved_at = address, wallet_id, None
    _save_unique(worker)
    audit.record("worker.give_wallet", worker, now=now)
    return True


@verb("worker.set_payout_schedule", "worker")
def choose_payout_schedule(*, worker_id: UUID, schedule: PayoutSchedule) -> Worker:
    """Write by which schedule the worker is paid out; `payments` follows it. Raises the worker's standing."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker)
    worker.payout_schedule = schedule
    worker.save(update_fields=["payout_schedule", "updated_at"])
    return worker


@verb("worker.suspend", "worker")
def suspend_worker(*, worker_id: UUID, reason: str) -> Worker:
    """The worker gets no new work, no payouts and no advances until reinstated. Earnings go on."""
    return _move(worker_id, WorkerStatus.SUSPENDED, "worker.suspend", reason)


@verb("worker.reinstate", "worker")
def reinstate_worker(*, worker_id: UUID, reason: str) -> Worker:
    """A suspended worker is active again."""
    return _move(worker_id, WorkerStatus.ACTIVE, "worker.reinstate", reason)


def _move(worker_id: UUID, after: WorkerStatus, action: str, reason: str) -> Worker:
    worker = Worker.objects.locked().get(pk=worker_id)
    require_present(worker)
    require_move(WORKER_MOVES, subject=f"worker {worker.pk}", before=worker.status, after=after)
    before, worker.status = worker.status, after
    worker.save(update_fields=["status", "updated_at"])
    audit.record(
        action, worker, before={"status": before}, after={"status": after}, metadata={"reason": reason}
    )
    worker_standing_changed.send(sender=Worker, workers=[worker], suspended=after == WorkerStatus.SUSPENDED)
    return worker


@verb("worker.delete", "worker")
def delete_worker(*, worker_id: UUID) -> None:
    """The worker is gone, or, with money history, anonymised and marked deleted.

    Refused while they have open tasks, a balance, a payout under way or a debt.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    require_present(worker)
    worker_departures.require_finished(worker)
    worker.wallet_changes.all().delete()
    erase_personal_changes(resource_type="worker", resource_id=worker.pk)
    answers.forget_answers(caller=f"worker:{worker.pk}")
    audit.record("worker.delete", worker)
    worker_deleted.send(sender=Worker, worker=worker, now=database_now())
    worker.delete()


@verb("worker.edit", "worker")
def correct_worker(*, worker_id: UUID, values: Mapping[str, str], reason: str) -> Worker:
    """Write these values of the worker's profile; the old ones are kept with the reason, encrypted, until the
    worker is erased. Raises WorkerDeleted or ReasonMissing."""
    worker = Worker.objects.locked().get(pk=worker_id)
    require_present(worker)
    correct_profile(worker, action="worker.edit", values=values, reason=reason)
    return worker


def lock_active_worker(*, worker_id: UUID) -> Worker:
    """Lock the worker and return them as they are now.

    Raises WorkerDeleted or WorkerSuspended unless they may take work and money. A standing that was read
    before a wait for another lock may be over; from here on it stays as it is until the transaction ends.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker)
    return worker


def lock_present_workers(*, worker_ids: Collection[UUID]) -> dict[UUID, Worker]:
    """Lock the workers in the order of their ids, and return by id those who have not left."""
    found = Worker.objects.locked().filter(pk__in=worker_ids, deleted_at=None)
    return {worker.pk: worker for worker in found}


def require_active(worker: Worker) -> None:
    """Raise WorkerDeleted or WorkerSuspended unless the worker may take work and money."""
    require_present(worker)
    if worker.status != WorkerStatus.ACTIVE:
        raise WorkerSuspended(f"worker {worker.pk} is suspended", status=worker.status)


def require_present(worker: Worker) -> None:
    if worker.deleted_at is not None:
        raise WorkerDeleted(f"worker {worker.pk} was deleted", deleted_at=worker.deleted_at.isoformat())


def touch_last_active(worker_ids: list[UUID], at: datetime) -> None:
    """The rule `update_worker_last_active` for a set: `last_active_at` is the latest time given so far."""
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
    """Bring every account's age to whole days on the UTC day of `now` (the rule `update_account_ages`), batch
    by batch in transactions of their own, so that no row stays locked for long; returns how many changed."""
    now = now or database_now()
    aged, after = 0, FIRST_ID
    while True:
        count, last = _age_batch(after, now)
        aged += count
        if last is None:
            return aged
        after = last


@atomic_with_retry
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


@atomic_with_retry
def recompute_account_ages() -> int:
    """Every account's age is that of the day for which it was computed; returns how many were wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workers ORDER BY id FOR NO KEY UPDATE")
        cursor.execute(
            f"""
            UPDATE workers SET account_age_days = wrong.days
            FROM ({WRONG_AGES}) AS wrong WHERE workers.id = wrong.id
            """  # noqa: S608 - a constant of ours
        )
        return cursor.rowcount
