from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("usage")

_SCOPE = "usage:read"

USAGE_BATCH_ACCEPTED = events.register(
    "usage.batch_accepted",
    payload="`batch_id`, `receipt_number`, `accepted`, `replayed`, `refused`, `totals`, `root`",
    scope=_SCOPE,
)
USAGE_CORRECTED = events.register("usage.corrected", payload="correction", scope=_SCOPE)

register_actions(
    {
        "usage.archive": "Month of usage put into a file",
        "usage.attach": "Month of usage attached again",
        "usage.correct": "Usage corrected",
        "usage.prune": "Listeners of days made final",
        "usage.rebuild": "Days of usage counted anew",
        "usage.report": "Usage reported",
        "usage_finding.contest": "Finding of artificial use contested",
        "usage_finding.decide": "Finding of artificial use decided",
        "usage_key.create": "Key of receipts created",
        "usage_key.retire": "Key of receipts retired",
        "usage_key.rotate": "Key of receipts replaced",
        "usage_rule.set": "Rule of artificial use set",
    }
)

_INPUTS = {"day": "the day, in UTC", "kind": "the rule", "plays": "the plays that it found"}

ARTIFICIAL_USE = rules.register(
    "usage.artificial",
    1,
    "Once a day has settled, and again when reports of it come late, each rule of the platform is applied to"
    " the plays of the day. What a rule finds is not paid for now. The plays stay counted.",
    inputs={**_INPUTS, "threshold": "the rule's threshold"},
    effect={"held": "The pay waits for a person; after 30 days without a decision it is paid."},
    who_decides=WhoDecides.SYSTEM,
)

ARTIFICIAL_USE_DECIDED = rules.register(
    "usage.artificial_decided",
    1,
    "Staff look at plays that a rule has found, and at what the creator says, and decide whether they were"
    " artificial.",
    inputs={**_INPUTS, "contest": "what the creator says"},
    effect={"confirmed": "The plays are never paid.", "dismissed": "The plays are paid."},
    who_decides=WhoDecides.PERSON,
)
