"""Words that the app registers: its audit actions, and the rule of suspensions."""

from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions

register_actions(
    {
        "password.request_reset": "Password reset requested",
        "password.reset": "Password reset",
        "session.close": "Session closed",
        "session.open": "Signed in",
        "session.refresh": "Session refreshed",
        "worker.add_identity": "Account of a chain added to a worker's sign-in",
        "worker.cancel_wallet_change": "Change of a payout address cancelled",
        "worker.change_wallet": "Change of a payout address requested",
        "worker.delete": "Worker deleted",
        "worker.drop_wallet_change": "Change of a payout address dropped",
        "worker.edit": "Profile of a worker corrected",
        "worker.give_wallet": "Custody wallet given to a worker",
        "worker.link_social_account": "Account of a social network linked",
        "worker.register": "Worker registered",
        "worker.reinstate": "Worker reinstated",
        "worker.remove_identity": "Account of a chain removed from a worker's sign-in",
        "worker.rename": "Worker renamed",
        "worker.set_payout_schedule": "Payout schedule chosen",
        "worker.set_place": "Country or time zone set",
        "worker.set_wallet": "Payout address set",
        "worker.start_social_account": "Authorization at a social network begun",
        "worker.suspend": "Worker suspended",
        "worker.unlink_social_account": "Account of a social network unlinked",
    }
)

SUSPENSION = rules.register(
    "worker.suspension",
    1,
    "Staff suspend a worker's account for a written reason, and reinstate it.",
    inputs={"status": "the account's status before"},
    effect={
        "suspended": "The worker gets no new work, no payouts and no advances. Earnings of open work go on.",
        "reinstated": "The worker gets work, payouts and advances again.",
    },
    who_decides=WhoDecides.PERSON,
)
