from decimal import Decimal

from django.conf import settings

from audit.limits.services import USDC, Limit, register

QUEST_POOL_OF_A_WEEK = register(
    Limit(
        "quest_pool_of_a_week",
        "Budgets of the house's quests that pay USDC, within a week from Monday (UTC)",
        USDC,
        lambda: settings.QUEST_POOL_OF_A_WEEK,
        Decimal(0),
    )
)

QUEST_OUTFLOW_OF_AN_HOUR = register(
    Limit(
        "quest_outflow_of_an_hour",
        "USDC that a quest without a limit of its own grants within an hour (UTC)",
        USDC,
        lambda: settings.QUEST_OUTFLOW_OF_AN_HOUR,
        Decimal(0),
    )
)

QUEST_OUTFLOW_OF_A_DAY = register(
    Limit(
        "quest_outflow_of_a_day",
        "USDC that all quests together grant a worker within a day (UTC)",
        USDC,
        lambda: settings.QUEST_OUTFLOW_OF_A_DAY,
        Decimal(0),
    )
)
