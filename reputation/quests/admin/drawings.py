"""Drawings of a quest's budget and of its rewards by hours."""

from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from gigstream.adminkit import EMPTY, Picture, draw_bars, draw_line, draw_parts
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO
from reputation.models import Quest
from reputation.quests.selectors import hours_of
from reputation.quests.services.outflows import limit_of


def draw_budget_bar(quest: Quest) -> SafeString | str:
    """Draw a bar of the part of the budget that is granted or reserved."""
    if not quest.budget:
        return EMPTY
    taken = int(100 * (quest.granted + quest.reserved) / quest.budget)
    return format_html('<progress max="100" value="{}"></progress> {} %', taken, taken)


def draw_budget(quest: Quest) -> Picture | None:
    """Draw the parts of the budget: granted, reserved and free; None without a budget."""
    if not quest.budget:
        return None
    values = [("granted", quest.granted), ("reserved", quest.reserved), ("free", quest.free or ZERO)]
    parts = [(kind, value, f"{kind} {quest.amount_text(value)}") for kind, value in values]
    legend = [(kind, text) for kind, _, text in parts]
    return Picture(draw_parts(parts), quest.amount_text(quest.budget), "", "", legend)


def draw_hours(quest: Quest) -> Picture | None:
    """Draw a bar for the rewards of each of the last hours, and the limit where it is near; None for a quest
    without rewards in them."""
    first, *_, last = hours = hours_of(quest, now=database_now())
    highest = max(one.granted for one in hours)
    if not highest:
        return None
    limit = limit_of(quest)
    words = [
        f"{quest.amount_text(one.granted)} in {one.events} rewards from {one.hour:%Y-%m-%d %H:%M}"
        for one in hours
    ]
    is_near = limit is not None and limit <= 4 * highest
    top = max(highest, limit) if limit is not None and is_near else highest
    shapes = [draw_bars([one.granted for one in hours], words, top=top)]
    if limit is not None and is_near:
        across = [(Decimal(0), limit), (Decimal(1), limit)]
        shapes.append(draw_line(across, kind="planned", within=(Decimal(1), top)))
    bound = "no limit" if limit is None else f"the limit is {quest.amount_text(limit)}"
    return Picture(
        format_html_join("", "{}", ((shape,) for shape in shapes)),
        f"{quest.amount_text(highest)} in the fullest hour, {bound}",
        f"{first.hour:%Y-%m-%d %H:%M}",
        f"{last.hour:%Y-%m-%d %H:%M}",
        [("planned", "limit")] if is_near else [],
    )
