from audit.notices.enums import NoticeWay
from audit.notices.kind_registry import NoticeKind, register_notice_kind
from gigstream.staff.roles import Role

OVERDUE = register_notice_kind(
    NoticeKind(
        "overdue",
        "An item is overdue",
        "An item is overdue in a queue of your desk",
        NoticeWay.DIGEST,
        {Role.SUPPORT: NoticeWay.PAGE},
    )
)
