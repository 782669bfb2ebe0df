"""Services for accounts of staff: sign-in, passwords, second factors, access and sessions."""

from gigstream.staff.services.accounts import (
    access_of,
    access_to_give,
    add_member,
    describe_access,
    edit_member,
    remove_access,
    request_access_grant,
    request_access_reset,
    request_email_change,
)
from gigstream.staff.services.passwords import change_password, choose_password, send_codes
from gigstream.staff.services.second_factors import (
    confirm_authenticator,
    find_authenticator,
    new_recovery_codes,
    offer_authenticator,
    offer_replacement,
    replace_authenticator,
)
from gigstream.staff.services.sessions import record_sign_out, sweep_sign_in
from gigstream.staff.services.signing_in import require_reauthentication, verify_sign_in

__all__ = [
    "access_of",
    "access_to_give",
    "add_member",
    "change_password",
    "choose_password",
    "confirm_authenticator",
    "describe_access",
    "edit_member",
    "find_authenticator",
    "new_recovery_codes",
    "offer_authenticator",
    "offer_replacement",
    "record_sign_out",
    "remove_access",
    "replace_authenticator",
    "request_access_grant",
    "request_access_reset",
    "request_email_change",
    "require_reauthentication",
    "send_codes",
    "sweep_sign_in",
    "verify_sign_in",
]
