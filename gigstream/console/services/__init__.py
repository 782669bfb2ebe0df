"""What the console writes: how staff come in, what shows that it is them, and what they may do."""

from gigstream.console.services.accounts import (
    access_of,
    access_to_give,
    add_member,
    ask_to_change_email,
    ask_to_grant,
    ask_to_reset_access,
    edit_member,
    in_words,
    take_away,
)
from gigstream.console.services.passwords import change_password, choose_password, send_codes
from gigstream.console.services.second_factors import (
    confirm_authenticator,
    new_recovery_codes,
    offer_replacement,
    offered_authenticator,
    replace_authenticator,
)
from gigstream.console.services.sessions import record_sign_out, sweep_sign_in
from gigstream.console.services.signing_in import recognise, require_themselves

__all__ = [
    "access_of",
    "access_to_give",
    "add_member",
    "ask_to_change_email",
    "ask_to_grant",
    "ask_to_reset_access",
    "change_password",
    "choose_password",
    "confirm_authenticator",
    "edit_member",
    "in_words",
    "new_recovery_codes",
    "offer_replacement",
    "offered_authenticator",
    "recognise",
    "record_sign_out",
    "replace_authenticator",
    "require_themselves",
    "send_codes",
    "sweep_sign_in",
    "take_away",
]
