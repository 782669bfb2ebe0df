from audit.log.action_registry import register_actions
from payments.earnings.vocabulary import HOLD, REFUND
from payments.ledger import entry_kinds
from payments.ledger.subjects import DISTRIBUTION, POOL, ROYALTY_PERIOD
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("distributions")

_SCOPE = "distributions:read"

ROYALTY = entry_kinds.register(
    "royalty", "Pay for use of works", ("platform escrow", "worker available"), position=25
)
entry_kinds.reword_for_subject(ROYALTY, DISTRIBUTION, "Share of a distribution")
entry_kinds.reword_for_subject(ROYALTY, POOL, "Share of a pool")
for subject, name in ((ROYALTY_PERIOD, "royalties"), (DISTRIBUTION, "a distribution"), (POOL, "a pool")):
    entry_kinds.reword_for_subject(HOLD, subject, f"Money held for {name}")
    entry_kinds.reword_for_subject(REFUND, subject, f"Money given back of {name}")

_SUMS = "`period_id`, `first`, `last`, `creators`, `amount`"

ROYALTY_ACCRUED = events.register("royalty.accrued", payload=_SUMS, scope=_SCOPE)
ROYALTY_UNFUNDED = events.register("royalty.unfunded", payload=_SUMS, scope=_SCOPE)
ROYALTY_PAID = events.register("royalty.paid", payload=_SUMS, scope=_SCOPE)
DISTRIBUTION_CREATED = events.register("distribution.created", payload="distribution", scope=_SCOPE)
DISTRIBUTION_APPROVED = events.register("distribution.approved", payload="distribution", scope=_SCOPE)
DISTRIBUTION_PAID = events.register("distribution.paid", payload="distribution", scope=_SCOPE)

register_actions(
    {
        "distribution.approve": "Distribution approved",
        "distribution.cancel": "Draft of a distribution dropped",
        "distribution.draft": "Distribution drafted",
        "distribution.pay": "Shares of a distribution paid",
        "distribution.recount": "Distribution shared anew",
        "pool.add": "Money added to a pool",
        "pool.close": "Pool closed",
        "pool.create": "Pool created",
        "pool.pay": "Members of a pool paid",
        "pool.set_units": "Units of a pool set",
        "royalty.accrue": "Royalties accrued",
        "royalty.end_period": "Period of royalties ended",
        "royalty.fund": "Royalties funded",
        "royalty.pay": "Royalties paid",
        "royalty.set_terms": "Terms of royalties set",
    }
)
