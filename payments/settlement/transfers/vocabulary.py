from audit.log.action_registry import register_actions

register_actions(
    {
        "breaker.close": "Calls to the provider resumed",
        "breaker.open": "Calls to the provider stopped",
        "payout.accelerate": "Transfer accelerated",
        "payout.request_cancellation": "Cancellation requested from the provider",
        "payout.confirm": "Transfer confirmed",
        "payout.fail": "Transfer failed",
        "payout.offer_again": "Transfer offered again",
        "payout.park": "Transfer set aside for staff",
        "payout.submit": "Transfer submitted",
    }
)
