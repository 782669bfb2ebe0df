from gigstream.core.errors import Refusal


class NoteTooLong(Refusal):
    """The text has more characters than a note may have."""

    code = "note_too_long"
    status = 422


class MentionRefused(Refusal):
    """A note mentions somebody who is no active member of staff, or who may not see the object."""

    code = "mention_refused"
    status = 422


class AnswerRefused(Refusal):
    """A note answers a note about another object, or none at all."""

    code = "answer_refused"
    status = 422


class FileRefused(Refusal):
    """A file is empty, too large, of another type than notes take, or its name is unusable."""

    code = "file_refused"
    status = 422


class AssigneeRefused(Refusal):
    """The object cannot be assigned to this person: they are inactive, or may not see it."""

    code = "assignee_refused"
    status = 422


class AssignedMeanwhile(Refusal):
    """The object's assignment is not as the form has shown it."""

    code = "assigned_meanwhile"
