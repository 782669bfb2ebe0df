"""Services of submissions: handed in, checked, reviewed, appealed, and erased."""

from reputation.submissions.services.appeals import appeal_submission, end_appeal_terms
from reputation.submissions.services.handing_in import Submitted, submit_image, submit_link
from reputation.submissions.services.processing import process_submissions
from reputation.submissions.services.retention import delete_old_images, erase_submissions
from reputation.submissions.services.reviewing import Reviewer, approve_submission, reject_submission

__all__ = [
    "Reviewer",
    "Submitted",
    "appeal_submission",
    "approve_submission",
    "delete_old_images",
    "end_appeal_terms",
    "erase_submissions",
    "process_submissions",
    "reject_submission",
    "submit_image",
    "submit_link",
]
