"""Effect of links on rewards: a factor on points, a hold of USDC."""

import json
from collections.abc import Sequence
from datetime import datetime

from gigstream.core import sql
from reputation.models import QuestEvent
from reputation.quests.enums import RewardKind
from reputation.quests.services import Hold, Reduction
from reputation.sybils.calculations import CHANGE, WEIGHTS, WHOLE, explain_cluster, factor_of
from reputation.sybils.services.clusters import weights
from reputation.sybils.vocabulary import FACTOR


def assess_events(events: Sequence[QuestEvent], now: datetime) -> dict[int, Hold | Reduction]:
    """Return the effects on rewards of events whose workers have linked accounts, by a single statement."""
    rows = sql.run(
        "reputation/sybils/assess_workers", workers=list({event.worker_id for event in events}), **weights()
    )
    found = {row["worker_id"]: (row["accounts"], json.loads(row["shared"])) for row in rows}
    return {
        event.pk: effect
        for event in events
        if event.worker_id in found and (effect := _effect_on(event, *found[event.worker_id]))
    }


def _effect_on(event: QuestEvent, accounts: int, given: dict[str, int]) -> Hold | Reduction | None:
    factor = factor_of(accounts)
    if factor == WHOLE:
        return None
    shared = {kind: given.get(kind, 0) for kind in WEIGHTS}
    evidence = {"accounts": accounts, **{str(kind): count for kind, count in shared.items()}}
    reason = f"{explain_cluster(accounts, shared)} {CHANGE}"
    if event.reward_kind == RewardKind.PAYOUT:
        return Hold(reason, evidence)
    return Reduction(FACTOR, factor, reason, evidence)
