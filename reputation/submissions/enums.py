from django.db.models import TextChoices


class ProofKind(TextChoices):
    """The proof that a submission has: a link to a public page, or an image."""

    LINK = "link"
    IMAGE = "image"


class SubmissionStatus(TextChoices):
    """An image is `received` until it is processed; a link is `pending` at once."""

    RECEIVED = "received"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPEALED = "appealed"


SUBMISSION_MOVES = {
    SubmissionStatus.RECEIVED: frozenset({SubmissionStatus.PENDING, SubmissionStatus.REJECTED}),
    SubmissionStatus.PENDING: frozenset({SubmissionStatus.APPROVED, SubmissionStatus.REJECTED}),
    SubmissionStatus.APPROVED: frozenset(),
    SubmissionStatus.REJECTED: frozenset({SubmissionStatus.APPEALED}),
    SubmissionStatus.APPEALED: frozenset({SubmissionStatus.APPROVED, SubmissionStatus.REJECTED}),
}

# A reviewer has to decide.
WAITING = frozenset({SubmissionStatus.PENDING, SubmissionStatus.APPEALED})
# The proof stands for its worker: nobody else submits the same.
STANDING = frozenset({SubmissionStatus.RECEIVED, SubmissionStatus.PENDING, SubmissionStatus.APPROVED})
# The worker's place in the quest is kept, with its money.
KEEPING_A_PLACE = frozenset({SubmissionStatus.RECEIVED, SubmissionStatus.PENDING, SubmissionStatus.APPEALED})


class Verdict(TextChoices):
    """The opinion of a reviewer."""

    APPROVE = "approve"
    REJECT = "reject"
