"""Market values of creators' tokens, as platforms report them: a tenth counts as revenue of the month."""

import re
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import LARGEST, exact_amount
from platforms.catalogue.services.creators import lock_open_creator
from platforms.usage.calculations.periods import day_of, shift_month
from reputation.milestones.calculations import METRICS, CreatorChanges, market_part, market_value, month_of
from reputation.milestones.enums import Metric
from reputation.milestones.errors import CreatorHasNoToken, InvalidTokenValue
from reputation.milestones.models import TokenValue
from reputation.milestones.models.numbers import CURRENCY_PATTERN
from reputation.milestones.services.reaching import move_totals, reach_rules

_REVENUE = 1 << METRICS.index(Metric.REVENUE)


@verb("token_value.report", "creatorprofile")
def report_token_value(
    *,
    creator_id: UUID,
    amount: Decimal | str,
    currency: str,
    rate: Decimal | str,
    as_of: datetime,
    now: datetime | None = None,
) -> TokenValue:
    """Record the market value of a creator's token, an amount in a currency, with the rate in USDC and the
    time of both. A tenth of it is revenue of the months from that time on, until the next value.

    Raises CreatorNotFound, CreatorClosed, CreatorHasNoToken, InvalidAmount or InvalidTokenValue.
    """
    now = now or database_now()
    creator = lock_open_creator(creator_id=creator_id)
    if not creator.token_address:
        raise CreatorHasNoToken(f"creator {creator.reference} has no token", creator_id=creator.pk)
    newest = TokenValue.objects.filter(creator=creator).order_by("-as_of").first()
    _require_time(as_of, newest, now)
    value = TokenValue(
        created_at=now,
        creator=creator,
        amount=exact_amount(amount, allow_zero=True),
        currency=_require_currency(currency),
        rate=exact_amount(rate),
        as_of=as_of,
    )
    value.market_value = market_value(value.amount, value.rate)
    if value.market_value > LARGEST:
        raise InvalidTokenValue(f"a market value is at most {LARGEST:f} USDC")
    value.save(force_insert=True)
    audit.record(
        "token_value.report",
        value,
        after={"creator": creator.pk, "market_value": value.market_value},
        now=now,
    )
    added = market_part(value.market_value) - market_part(newest.market_value if newest else Decimal(0))
    _reach_by_value(creator.number, added, as_of, now)
    return value


def _require_time(as_of: datetime, newest: TokenValue | None, now: datetime) -> None:
    if as_of > now:
        raise InvalidTokenValue(f"a market value is of now or before, not of {as_of.isoformat()}")
    if newest is not None and as_of <= newest.as_of:
        raise InvalidTokenValue(
            f"a market value is later than the one before it, of {newest.as_of.isoformat()}",
            newest=newest.as_of.isoformat(),
        )


def _require_currency(currency: str) -> str:
    if not re.fullmatch(CURRENCY_PATTERN, currency, re.ASCII):
        raise InvalidTokenValue("a currency is 2 to 11 letters and digits in upper case")
    return currency


def _reach_by_value(creator: int, added: Decimal, as_of: datetime, now: datetime) -> None:
    """Let the creator reach rules by so much more revenue in each month from that time on."""
    changes, month = CreatorChanges(), month_of(day_of(as_of))
    while month <= month_of(day_of(now)):
        changes.months[month][Metric.REVENUE] = added
        month = shift_month(month, 1)
    # Nothing is added to the totals, but they are locked.
    candidates = move_totals({creator: (0,) * len(METRICS)}, {creator: _REVENUE if added > 0 else 0})
    if candidates:
        reach_rules(candidates, {creator: changes}, now=now)
