"""The verbs of the workers app."""

from workers.services.nonces import make_nonce
from workers.services.passwords import request_password_reset, reset_password, send_password_resets
from workers.services.profiles import (
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
from workers.services.registering import (
    confirm_registration,
    request_registration,
    send_registrations,
)
from workers.services.sessions import SignedIn, close_session, refresh_session
from workers.services.signing_in import sign_in, sign_in_with_wallet
from workers.services.sweeping import sweep_sign_in
from workers.services.wallets import (
    apply_wallet_changes,
    cancel_wallet_change,
    change_wallet,
    open_change,
    require_settled_wallet,
    send_wallet_notices,
)

__all__ = [
    "WRONG_AGES",
    "SignedIn",
    "age_accounts",
    "apply_wallet_changes",
    "cancel_wallet_change",
    "change_wallet",
    "choose_payout_schedule",
    "close_session",
    "confirm_registration",
    "correct_worker",
    "delete_worker",
    "give_wallet",
    "lock_active_worker",
    "lock_present_workers",
    "make_nonce",
    "open_change",
    "recompute_account_ages",
    "refresh_session",
    "register_worker",
    "reinstate_worker",
    "rename_worker",
    "request_password_reset",
    "request_registration",
    "require_active",
    "require_present",
    "require_settled_wallet",
    "reset_password",
    "send_password_resets",
    "send_registrations",
    "send_wallet_notices",
    "set_place",
    "set_wallet",
    "sign_in",
    "sign_in_with_wallet",
    "suspend_worker",
    "sweep_sign_in",
    "touch_last_active",
]
