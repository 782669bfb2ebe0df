"""The acts of staff on notices, and the kinds of notices that this app is the cause of."""

from audit.log.action_registry import register_actions
from audit.notices.enums import NoticeWay
from audit.notices.kind_registry import NoticeKind, register_notice_kind

register_actions({"notice.choose": "Ways of notices chosen"})

MENTIONED = register_notice_kind(
    NoticeKind("mentioned", "You are mentioned", "Somebody mentions you in a note", NoticeWay.EMAIL)
)
ASSIGNED = register_notice_kind(
    NoticeKind("assigned", "Work is assigned to you", "Somebody assigns work to you", NoticeWay.EMAIL)
)
APPROVAL_WAITS = register_notice_kind(
    NoticeKind(
        "approval_waits", "A request waits for you", "A request waits that you may decide", NoticeWay.EMAIL
    )
)
APPROVAL_DECIDED = register_notice_kind(
    NoticeKind("approval_decided", "Your request is decided", "Your request is decided", NoticeWay.EMAIL)
)
TAKEN_OVER = register_notice_kind(
    NoticeKind("taken_over", "Your item is taken over", "Another takes over an item of yours", NoticeWay.PAGE)
)
BOOKS_BROKEN = register_notice_kind(
    NoticeKind(
        "books_broken",
        "The books do not hold",
        "An invariant of the books is violated",
        NoticeWay.PAGE,
        {"finance": NoticeWay.EMAIL, "operations": NoticeWay.EMAIL},
    )
)
