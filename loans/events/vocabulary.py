from platforms.events import registry as events

_SCOPE = "workers:read"

LOAN_REQUESTED = events.register("loan.requested", payload="loan", scope=_SCOPE)
LOAN_APPROVED = events.register("loan.approved", payload="loan", scope=_SCOPE)
LOAN_DISBURSED = events.register("loan.disbursed", payload="loan", scope=_SCOPE)
LOAN_ACTIVATED = events.register("loan.activated", payload="loan", scope=_SCOPE)
LOAN_REPAID = events.register("loan.repaid", payload="loan", scope=_SCOPE)
LOAN_DEFAULTED = events.register("loan.defaulted", payload="loan", scope=_SCOPE)
LOAN_WRITTEN_OFF = events.register("loan.written_off", payload="loan", scope=_SCOPE)
LOAN_CANCELLED = events.register("loan.cancelled", payload="loan", scope=_SCOPE)
