from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("money")

TRANSACTION_SUBMITTED = events.register(
    "transaction.submitted", payload="transaction or payout", scope="money:read"
)
TRANSACTION_CONFIRMED = events.register(
    "transaction.confirmed", payload="transaction or payout", scope="money:read"
)
TRANSACTION_FAILED = events.register(
    "transaction.failed", payload="transaction or payout", scope="money:read"
)
