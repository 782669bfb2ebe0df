from audit.log.action_registry import register_actions

register_actions(
    {
        "check_in.claim": "Check-in claimed",
        "outage.declare": "Outage declared",
        "outage.request": "Outage requested",
        "streak.change_zone": "Time zone of a streak changed",
        "streak.pause": "Streak paused",
    }
)
