"""The creators and rates that held at a time, for what counts and pays use."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from gigstream.core import sql
from platforms.models import WorkRate


def creators_at(moments: Sequence[tuple[int, datetime]]) -> list[int | None]:
    """Return for each work, by its number, and time the number of the creator for whom its use counts then;
    None for a number that no work has. One statement for any number."""
    rows = sql.run(
        "platforms/catalogue/creators_at",
        works=[work for work, _ in moments],
        times=[at for _, at in moments],
    )
    return [row["creator"] for row in rows]


def rates_on(works: Iterable[int], day: date) -> dict[int, Decimal]:
    """Return by the work's number what a play on the UTC day pays, for those of the works that pay."""
    held = WorkRate.objects.filter(work__number__in=list(works), valid_from__lte=day)
    newest = held.order_by("work", "-valid_from", "-id").distinct("work")
    found = newest.values_list("work__number", "rate")
    return {number: rate for number, rate in found if rate is not None}
