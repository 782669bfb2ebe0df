"""Finding accounts, and opening each with its first use."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from payments.enums import MAY_GO_BELOW_ZERO, AccountName
from payments.models import Account

# Accounts are locked in ascending id order, always. The range of a kind decides how late it is reached:
# workers' own rows first, the platforms' busy ones after them, the house's, which everybody shares, last.
RANGE = 1 << 40
RANGES = {
    ("worker", AccountName.AVAILABLE): 0,
    ("worker", AccountName.IN_TRANSIT): 1,
    ("worker", AccountName.LOAN): 2,
    ("platform", AccountName.AVAILABLE): 3,
    ("platform", AccountName.ESCROW): 4,
    ("house", AccountName.FEES): 5,
    ("house", AccountName.REWARDS): 5,
    ("house", AccountName.LOSSES): 5,
    ("house", AccountName.WORLD): 5,
}


def of_workers(worker_ids: Collection[UUID], name: AccountName) -> dict[UUID, int]:
    """The account id of each worker, opened where it was missing."""
    return _of_owners("worker", worker_ids, name)


def of_worker(worker_id: UUID, name: AccountName) -> int:
    return of_workers([worker_id], name)[worker_id]


def of_platform(platform_id: UUID, name: AccountName) -> int:
    return _of_owners("platform", [platform_id], name)[platform_id]


def _of_owners(owner: str, ids: Collection[UUID], name: AccountName) -> dict[UUID, int]:
    wanted = set(ids)
    found = _find(owner, wanted, name)
    missing = sorted(wanted - found.keys())
    if missing:
        _open(owner, missing, name)
        found |= _find(owner, missing, name)
    return found


def _find(owner: str, ids: Collection[UUID], name: AccountName) -> dict[UUID, int]:
    rows = Account.objects.filter(**{f"{owner}_id__in": list(ids)}, name=name)
    return dict(rows.values_list(f"{owner}_id", "id"))


def _open(owner: str, ids: list[UUID], name: AccountName) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO accounts (id, name, {owner}_id, may_go_below_zero, balance, payout_count)
            SELECT nextval(pg_get_serial_sequence('accounts', 'id')) + %s, %s, owner, %s, 0, 0
            FROM unnest(%s::uuid[]) AS owner
            ON CONFLICT DO NOTHING
            """,  # noqa: S608 - `owner` is one of two words of ours
            [RANGES[owner, name] * RANGE, name, name in MAY_GO_BELOW_ZERO, ids],
        )


def of_house(name: AccountName) -> int:
    """The id of one of the house's accounts, opened if it was missing."""
    house = Account.objects.filter(worker=None, platform=None, name=name).values_list("id", flat=True)
    found = house.first()
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO accounts (id, name, may_go_below_zero, balance, payout_count)
                VALUES (nextval(pg_get_serial_sequence('accounts', 'id')) + %s, %s, %s, 0, 0)
                ON CONFLICT DO NOTHING
                """,
                [RANGES["house", name] * RANGE, name, name in MAY_GO_BELOW_ZERO],
            )
        found = house.get()
    return found
