from gigstream.lib.errors import Refusal


class WrongCode(Refusal):
    """The code is not the one that the app shows, was used before, or comes too soon after a wrong one."""

    code = "wrong_code"
    status = 400


class CodeRefused(Refusal):
    """Nobody was sent such a code for a new password, or it was used or has expired."""

    code = "code_refused"
    status = 400


class NothingToDo(Refusal):
    """The account is already as it is wanted, or there is nothing of that name."""

    code = "nothing_to_do"


class AccessChanged(Refusal):
    """The account is not any more what it was when two people began to decide on it."""

    code = "access_changed"


class NoAddress(Refusal):
    """Nothing can be sent to who has no email address."""

    code = "no_address"


class LastSuperuser(Refusal):
    """Without a superuser nobody could give access to anybody."""

    code = "last_superuser"
