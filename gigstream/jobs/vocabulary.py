from audit.log.action_registry import register_actions

register_actions(
    {
        "job.enqueue": "Job enqueued",
    }
)
