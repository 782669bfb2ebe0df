"""Accounts: found by their places, and opened with their first use."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from gigstream.core import sql
from payments.ledger.enums import MAY_GO_BELOW_ZERO, AccountName

# Accounts are locked in ascending id order, always. The range of a kind decides how late it is reached:
# workers' own rows first, the platforms' busy rows after them, the house's, which all share, last.
RANGE = 1 << 40
RANGES = {
    ("worker", AccountName.AVAILABLE): 0,
    ("worker", AccountName.IN_TRANSIT): 1,
    ("worker", AccountName.LOAN): 2,
    ("platform", AccountName.AVAILABLE): 3,
    ("platform", AccountName.ESCROW): 4,
    ("platform", AccountName.IN_TRANSIT): 4,
    ("house", AccountName.FEES): 5,
    ("house", AccountName.REWARDS): 5,
    ("house", AccountName.LOSSES): 5,
    ("house", AccountName.OUTSIDE): 5,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Owner and name of an account. The house's accounts have neither worker nor platform."""

    name: AccountName
    worker_id: UUID | None = None
    platform_id: UUID | None = None

    @property
    def range(self) -> int:
        """Lowest id of this kind of account."""
        owner = "worker" if self.worker_id else "platform" if self.platform_id else "house"
        return RANGES[owner, self.name] * RANGE


def find(places: Collection[Place]) -> dict[Place, int]:
    """Return the account id of each place, opened where it was missing; one statement when none was."""
    found = _find_open(places)
    missing = [place for place in places if place not in found]
    if missing:
        _open_accounts(missing)
        found |= _find_open(missing)
    return found


def _find_open(places: Collection[Place]) -> dict[Place, int]:
    rows = sql.run("payments/ledger/find_accounts", **_place_columns(places))
    return {
        Place(AccountName(row["name"]), worker_id=row["worker_id"], platform_id=row["platform_id"]): row["id"]
        for row in rows
    }


def _place_columns(places: Collection[Place]) -> dict[str, list[object]]:
    return {
        "names": [str(place.name) for place in places],
        "workers": [place.worker_id for place in places],
        "platforms": [place.platform_id for place in places],
    }


def _open_accounts(places: Collection[Place]) -> None:
    """Open the accounts in one order everywhere, so that two transactions cannot wait for each other."""
    ordered = sorted(places, key=lambda place: (place.range, str(place.worker_id or place.platform_id)))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO accounts (id, name, worker_id, platform_id, may_go_below_zero, balance, payout_count,
                payout_schedule)
            SELECT nextval(pg_get_serial_sequence('accounts', 'id')) + range, name, worker_id, platform_id,
                   name = ANY(%(may_go_below_zero)s), 0, 0,
                   (SELECT w.payout_schedule FROM workers w
                    WHERE w.id = worker_id AND name = %(paid_out_from)s)
            FROM unnest(%(ranges)s::bigint[], %(names)s::text[], %(workers)s::uuid[], %(platforms)s::uuid[])
                AS place(range, name, worker_id, platform_id)
            ON CONFLICT DO NOTHING
            """,
            {
                **_place_columns(ordered),
                "ranges": [place.range for place in ordered],
                "paid_out_from": str(AccountName.AVAILABLE),
                "may_go_below_zero": [str(name) for name in MAY_GO_BELOW_ZERO],
            },
        )


def open_for_workers(workers: str) -> None:
    """Open the accounts of available money of workers, given as an array, who have none yet."""
    sql.run(
        "payments/ledger/open_for_workers",
        workers=workers,
        range=RANGES["worker", AccountName.AVAILABLE] * RANGE,
    )


def of_workers(worker_ids: Collection[UUID], name: AccountName) -> dict[UUID, int]:
    """Return the account id of each worker, opened where it was missing."""
    places = {worker_id: Place(name, worker_id=worker_id) for worker_id in worker_ids}
    found = find(places.values())
    return {worker_id: found[place] for worker_id, place in places.items()}


def of_worker(worker_id: UUID, name: AccountName) -> int:
    return of_workers([worker_id], name)[worker_id]


def of_platform(platform_id: UUID, name: AccountName) -> int:
    place = Place(name, platform_id=platform_id)
    return find([place])[place]


def of_house(name: AccountName) -> int:
    """Return the id of an account of the house, opened if it was missing."""
    place = Place(name)
    return find([place])[place]
