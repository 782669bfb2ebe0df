from gigstream.core.errors import Refusal


class WrongCode(Refusal):
    """Refusal of a second-factor code: wrong, used before, or too soon after a wrong code."""

    code = "wrong_code"
    status = 400


class CodeRefused(Refusal):
    """Refusal of a password code: unknown, used or expired."""

    code = "code_refused"
    status = 400


class NothingToDo(Refusal):
    """Refusal of a change without effect, or of an access name that does not exist."""

    code = "nothing_to_do"


class AccessChanged(Refusal):
    """Refusal of an approval whose account has changed since the request."""

    code = "access_changed"


class NoAddress(Refusal):
    """Refusal to send a code to an account without an email address."""

    code = "no_address"


class LastSuperuser(Refusal):
    """Refusal to remove the last superuser, without whom nobody could grant access."""

    code = "last_superuser"
