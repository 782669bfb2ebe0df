"""Services of the app, by subject."""

from workers.identities.services import add_identity, remove_identity, send_identity_notices
from workers.profiles.services import (
    WRONG_AGES,
    age_accounts,
    choose_payout_schedule,
    correct_worker,
    delete_worker,
    give_wallet,
    lock_active_worker,
    lock_present_workers,
    recompute_account_ages,
    register_worker,
    reinstate_worker,
    rename_worker,
    require_active,
    require_present,
    set_place,
    set_wallet,
    suspend_worker,
    touch_last_active,
)
from workers.sign_in.services.passwords import request_password_reset, reset_password, send_password_resets
from workers.sign_in.services.registering import (
    confirm_registration,
    request_registration,
    send_registrations,
)
from workers.sign_in.services.sessions import SignedIn, close_session, refresh_session
from workers.sign_in.services.signing_in import sign_in, sign_in_with_wallet
from workers.sign_in.services.sweeping import sweep_sign_in
from workers.social.services.authorizing import redeem_authorization, start_social_account
from workers.social.services.linking import (
    link_social_account,
    send_social_notices,
    sweep_social_accounts,
    unlink_social_account,
)
from workers.wallets.services.nonces import make_nonce
from workers.wallets.services.wallets import (
    apply_wallet_changes,
    cancel_wallet_change,
    change_wallet,
    find_open_change,
    require_settled_wallet,
    send_wallet_notices,
)

__all__ = [
    "WRONG_AGES",
    "SignedIn",
    "add_identity",
    "age_accounts",
    "apply_wallet_changes",
    "cancel_wallet_change",
    "change_wallet",
    "choose_payout_schedule",
    "close_session",
    "confirm_registration",
    "correct_worker",
    "delete_worker",
    "find_open_change",
    "give_wallet",
    "link_social_account",
    "lock_active_worker",
    "lock_present_workers",
    "make_nonce",
    "recompute_account_ages",
    "redeem_authorization",
    "refresh_session",
    "register_worker",
    "reinstate_worker",
    "remove_identity",
    "rename_worker",
    "request_password_reset",
    "request_registration",
    "require_active",
    "require_present",
    "require_settled_wallet",
    "reset_password",
    "send_identity_notices",
    "send_password_resets",
    "send_registrations",
    "send_social_notices",
    "send_wallet_notices",
    "set_place",
    "set_wallet",
    "sign_in",
    "sign_in_with_wallet",
    "start_social_account",
    "suspend_worker",
    "sweep_sign_in",
    "sweep_social_accounts",
    "touch_last_active",
    "unlink_social_account",
]
