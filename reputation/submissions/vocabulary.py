from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("submissions")

_SCOPE, _PAYLOAD = "submissions:read", "submission"

SUBMISSION_RECEIVED = events.register("submission.received", payload=_PAYLOAD, scope=_SCOPE)
SUBMISSION_APPROVED = events.register("submission.approved", payload=_PAYLOAD, scope=_SCOPE)
SUBMISSION_REJECTED = events.register("submission.rejected", payload=_PAYLOAD, scope=_SCOPE)
SUBMISSION_APPEALED = events.register("submission.appealed", payload=_PAYLOAD, scope=_SCOPE)

register_actions(
    {
        "submission.appeal": "Rejection of a submission appealed",
        "submission.approve": "Submission approved",
        "submission.check": "Image of a submission checked",
        "submission.delete_images": "Images of submissions deleted",
        "submission.end_appeal_term": "Place of a rejected submission given back",
        "submission.erase": "Submission of a worker who has left erased",
        "submission.reject": "Submission rejected",
        "submission.submit": "Submission handed in",
    }
)

APPROVED, REJECTED, UNUSABLE, DUPLICATE = "approved", "rejected", "unusable", "duplicate"

_INPUTS = {
    "quest": "the quest",
    "amount": "the reward, in USDC or points",
    "proof": "whether a link or an image was handed in",
    "similar": "the number of similar images in the quest",
    "appealed": "whether the worker has appealed a rejection",
}
_EFFECT = {
    APPROVED: "The reward is granted.",
    REJECTED: "No reward is granted. The worker can appeal once, and another person decides then.",
}

REVIEW = rules.register(
    "submission.review",
    1,
    "Staff look at a submission and decide whether it fulfils the quest's instructions. A large reward needs"
    " two reviewers.",
    inputs=_INPUTS,
    effect=_EFFECT,
    who_decides=WhoDecides.PERSON,
)

REVIEW_BY_PLATFORM = rules.register(
    "submission.review_by_platform",
    1,
    "A person at the platform looks at a submission for its quest and decides whether it fulfils the quest's"
    " instructions. A large reward needs two reviewers. Appeals are decided by GigStream's staff.",
    inputs={**_INPUTS, "reviewer": "the person, by the platform's own id"},
    effect=_EFFECT,
    who_decides=WhoDecides.EITHER,
)

CHECK = rules.register(
    "submission.check",
    1,
    "Before anybody sees an image, a program reads it. An image that cannot be read or is too large is"
    " refused, and so is one whose difference hash is within a few bits of one that stands in the quest.",
    inputs={
        "quest": "the quest",
        "code": "the rule that the image breaks",
        "numbers": "the values that decided",
    },
    effect={
        UNUSABLE: "The image is refused. The worker can hand in another.",
        DUPLICATE: "The image is refused. The worker can appeal, and a person decides then.",
    },
    who_decides=WhoDecides.SYSTEM,
)
