from gigstream.lib.errors import Refusal


class NeedsAnotherPerson(Refusal):
    """Nobody takes a second factor away alone: not their own, nor of whom they gave a password."""

    code = "needs_another_person"
    status = 403


class WrongCode(Refusal):
    """The code is not the one that the app shows, was used before, or comes too soon after a wrong one."""

    code = "wrong_code"
    status = 400
