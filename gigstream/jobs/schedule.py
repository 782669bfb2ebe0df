"""The schedule of background jobs: how often each runs, in which queue, for how long at most."""

from typing import Any

DAY = 86_400
# Beat counts an interval from its own start, so a restart a day would keep a daily job from ever running:
# `nudge_overdue_jobs` starts the slow jobs, by their heartbeats.
BEAT_STARTS_UP_TO_SECONDS = 60


def list_jobs(release_workers: int) -> dict[str, dict[str, Any]]:
    """Return all jobs by name: seconds between runs, queue, and a time limit in minutes if it is longer than
    usual. The shards of the releases are divided among the release workers, with a message each."""
    return {
        **_list_releases(release_workers),
        "end_long_pauses": {"every": 60, "queue": "default"},
        "create_due_payouts": {"every": 10, "queue": "settlement"},
        "disburse_loans": {"every": 10, "queue": "settlement"},
        "submit_payouts": {"every": 10, "queue": "settlement"},
        "poll_settlements": {"every": 10, "queue": "settlement"},
        "verify_notifications": {"every": 60, "queue": "settlement"},
        "create_wallets": {"every": 60, "queue": "settlement"},
        "observe_deposits": {"every": 10, "queue": "settlement", "minutes": 5},
        "reconcile_settlements": {"every": 3600, "queue": "settlement", "minutes": 10},
        "oracle_sync": {"every": 3600, "queue": "default", "minutes": 10},
        "record_distributions": {"every": 3600, "queue": "default", "minutes": 10},
        "advance_operations": {"every": 10, "queue": "default", "minutes": 2},
        "reconcile_oracle": {"every": DAY, "queue": "default", "minutes": 30},
        "end_appeal_terms": {"every": 3600, "queue": "default"},
        "erase_submissions": {"every": 60, "queue": "default"},
        "delete_submission_images": {"every": DAY, "queue": "default", "minutes": 10},
        "delete_note_orphans": {"every": DAY, "queue": "default", "minutes": 10},
        **_list_jobs_of_rewards(),
        **_list_jobs_of_royalties(),
        "deliver_webhooks": {"every": 5, "queue": "webhooks", "minutes": 1},
        "seal_audit_log": {"every": 60, "queue": "default"},
        "write_key_uses": {"every": 60, "queue": "default"},
        "sweep_answers": {"every": 60, "queue": "default"},
        "sweep_sign_in": {"every": 60, "queue": "default"},
        "sweep_letters": {"every": DAY, "queue": "default"},
        "sweep_notices": {"every": DAY, "queue": "default"},
        "sweep_staff_sign_in": {"every": 60, "queue": "default"},
        "drop_claims": {"every": 60, "queue": "default"},
        "notify_of_overdue": {"every": 600, "queue": "default"},
        "send_registrations": {"every": 10, "queue": "default"},
        "send_password_resets": {"every": 10, "queue": "default"},
        "send_staff_codes": {"every": 10, "queue": "default"},
        "send_invitations": {"every": 10, "queue": "default"},
        "send_wallet_notices": {"every": 10, "queue": "default"},
        "send_identity_notices": {"every": 10, "queue": "default"},
        "send_social_notices": {"every": 10, "queue": "default"},
        "sweep_social_accounts": {"every": 60, "queue": "default"},
        "send_withdrawal_notices": {"every": 10, "queue": "default"},
        "send_hold_notices": {"every": 10, "queue": "default"},
        "send_dispute_reminders": {"every": 60, "queue": "default"},
        "destroy_listener_keys": {"every": DAY, "queue": "default", "minutes": 30},
        "keep_usage_partitions": {"every": DAY, "queue": "default", "minutes": 30},
        "find_artificial_use": {"every": 3600, "queue": "default", "minutes": 10},
        "prune_listener_days": {"every": DAY, "queue": "default", "minutes": 30},
        "write_usage_store": {"every": 10, "queue": "default", "minutes": 5},
        "apply_wallet_changes": {"every": 60, "queue": "default"},
        "expire_approvals": {"every": 60, "queue": "default"},
        "send_notice_letters": {"every": 10, "queue": "default"},
        "list_limits": {"every": DAY, "queue": "default"},
        "nudge_overdue_jobs": {"every": 60, "queue": "default"},
        "mark_overdue_loans": {"every": DAY, "queue": "default"},
        "update_account_ages": {"every": DAY, "queue": "default"},
        "close_transaction_days": {"every": DAY, "queue": "default", "minutes": 30},
        "check_books": {"every": 3600, "queue": "default", "minutes": 30},
    }


def _list_releases(release_workers: int) -> dict[str, dict[str, Any]]:
    return {
        f"release_due_streams:{worker_index}": {
            "task": "release_due_streams",
            "every": 10,
            "queue": "release",
            "kwargs": {"worker_index": worker_index, "worker_count": release_workers},
        }
        for worker_index in range(release_workers)
    }


def _list_jobs_of_rewards() -> dict[str, dict[str, Any]]:
    return {
        "grant_quest_events": {"every": 10, "queue": "settlement", "minutes": 1},
        "expire_reservations": {"every": 10, "queue": "settlement"},
        "end_quest_holds": {"every": 60, "queue": "default"},
        "process_submissions": {"every": 10, "queue": "default", "minutes": 5},
        "send_submission_notices": {"every": 10, "queue": "default"},
        "settle_quest_events": {"every": 60, "queue": "settlement", "minutes": 1},
        "look_up_transactions": {"every": 10, "queue": "settlement", "minutes": 1},
        "count_referrals": {"every": 60, "queue": "default"},
        "find_clusters": {"every": 3600, "queue": "default", "minutes": 10},
        "act_on_milestones": {"every": 60, "queue": "default"},
        "check_leaderboards": {"every": 600, "queue": "default", "minutes": 10},
    }


def _list_jobs_of_royalties() -> dict[str, dict[str, Any]]:
    return {
        "accrue_royalties": {"every": 60, "queue": "settlement", "minutes": 10},
        "fund_royalties": {"every": 3600, "queue": "settlement", "minutes": 10},
        "end_royalty_periods": {"every": 3600, "queue": "settlement", "minutes": 10},
        "pay_royalties": {"every": 60, "queue": "settlement", "minutes": 10},
        "pay_distributions": {"every": 60, "queue": "settlement", "minutes": 10},
        "pay_pools": {"every": 3600, "queue": "settlement", "minutes": 10},
    }


def list_beat_entries(jobs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the jobs that Celery beat starts, in the form of its schedule."""
    return {
        name: {
            "task": job.get("task", name),
            "schedule": job["every"],
            "kwargs": job.get("kwargs", {}),
            # A tick that no worker took within three intervals is stale: the next tick does its work.
            "options": {"queue": job["queue"], "expires": job["every"] * 3},
        }
        for name, job in jobs.items()
        if job["every"] <= BEAT_STARTS_UP_TO_SECONDS
    }
