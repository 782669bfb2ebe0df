from gigstream.core.errors import Refusal


class NameTaken(Refusal):
    """A name that the owner has given to another view of the list."""

    code = "view_name_taken"


class NotTheOwner(Refusal):
    """A change of a view by somebody who does not own it."""

    code = "not_the_owner"
    status = 403


class CannotBeSaved(Refusal):
    """A list that a view cannot keep as it is: nothing to keep, or personal data in it."""

    code = "view_cannot_be_saved"
    status = 422


class TooManyViews(Refusal):
    """More views of a list, or more of them in the menu, than a person may have."""

    code = "too_many_views"
