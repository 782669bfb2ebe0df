from platforms.events import registry as events

BALANCE_LOW = events.register("balance.low", payload="`available`, `threshold`", scope="money:read")
