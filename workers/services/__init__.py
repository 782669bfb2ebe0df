"""The verbs of the workers app."""

from workers.services.passwords import request_password_reset, reset_password, send_password_resets
from workers.services.profiles import (
    WRONG_AGES,
    age_accounts,
    delete_worker,
    recompute_account_ages,
    register_worker,
    reinstate_worker,
    require_active,
    set_wallet,
    suspend_worker,
    touch_last_active,
)
from workers.services.sessions import SignedIn, close_session, refresh_session
from workers.services.signing_in import sign_in, sign_in_with_wallet, sign_up, start_wallet_sign_in
from workers.services.sweeping import sweep_sign_in

__all__ = [
    "WRONG_AGES",
    "SignedIn",
    "age_accounts",
    "close_session",
    "delete_worker",
    "recompute_account_ages",
    "refresh_session",
    "register_worker",
    "reinstate_worker",
    "request_password_reset",
    "require_active",
    "reset_password",
    "send_password_resets",
    "set_wallet",
    "sign_in",
    "sign_in_with_wallet",
    "sign_up",
    "start_wallet_sign_in",
    "suspend_worker",
    "sweep_sign_in",
    "touch_last_active",
]
