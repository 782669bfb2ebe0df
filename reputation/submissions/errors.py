from gigstream.core.errors import Refusal


class SubmissionNotFound(Refusal):
    """A submission that the caller cannot see, or that never was."""

    code = "not_found"
    status = 404


class NoSubmissions(Refusal):
    """The quest takes no submissions: its kind is another."""

    code = "quest_takes_no_submissions"


class LinkRefused(Refusal):
    """The link is not the https address of a public page."""

    code = "link_refused"
    status = 422


class ImageTooBig(Refusal):
    """The image has more bytes than a submission may have."""

    code = "image_too_big"
    status = 413


class ImageRefused(Refusal):
    """The file is not an image of a type that submissions take."""

    code = "image_refused"
    status = 422


class SubmissionWaits(Refusal):
    """Another submission of the worker to this quest waits for its decision."""

    code = "submission_waits"


class SubmissionDecided(Refusal):
    """The submission does not wait for a decision: it is decided, or its image is not processed yet."""

    code = "submission_not_waiting"


class ReviewedBefore(Refusal):
    """The reviewer has given their verdict on this submission; another decides next."""

    code = "submission_reviewed_before"


class NotYoursToReview(Refusal):
    """The submission is for its platform to decide: about an appeal, or after days without a decision, it is
    for staff."""

    code = "submission_not_yours_to_review"


class PersonRequired(Refusal):
    """A submission is decided by a person, whom the platform names by an id of its own."""

    code = "person_required"
    status = 422


class NothingToAppeal(Refusal):
    """The submission is not rejected, has been appealed before, or its image could not be read."""

    code = "submission_not_appealable"


class AppealTooLate(Refusal):
    """The time in which the rejection could be appealed is over."""

    code = "appeal_too_late"
