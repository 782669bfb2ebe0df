from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions
from audit.notices.enums import NoticeWay
from audit.notices.kind_registry import NoticeKind, register_notice_kind
from gigstream.staff.roles import Role
from payments.ledger import entry_kinds

PAYOUT_HOLD = entry_kinds.register(
    "payout_hold", "Payout begun", ("worker available", "worker in_transit"), position=70
)
PAYOUT_SETTLED = entry_kinds.register(
    "payout_settled", "Payout paid", ("worker in_transit", "house outside"), position=80
)
PAYOUT_VOID = entry_kinds.register(
    "payout_void", "Payout returned", ("worker in_transit", "worker available"), position=90
)
WITHDRAWAL_HOLD = entry_kinds.register(
    "withdrawal_hold", "Withdrawal begun", ("platform available", "platform in_transit"), position=150
)
WITHDRAWAL_SETTLED = entry_kinds.register(
    "withdrawal_settled", "Withdrawal paid", ("platform in_transit", "house outside"), position=160
)
WITHDRAWAL_VOID = entry_kinds.register(
    "withdrawal_void", "Withdrawal returned", ("platform in_transit", "platform available"), position=170
)

register_actions(
    {
        "payout.cancel": "Payout cancelled",
        "payout.cash_out": "Cash-out requested",
        "payout.create": "Payout created",
        "payout_hold.end": "Hold ended",
        "payout_hold.place": "Hold placed",
    }
)

HOLD = rules.register(
    "payout.hold",
    1,
    "Staff keep money of a worker from leaving, all of it or an amount that is available, for a written"
    " reason.",
    inputs={
        "amount": "the amount that is kept, in USDC; none for everything",
        "available": "the worker's available balance, in USDC",
        "held": "the amount that other holds kept, in USDC",
        "payout": "the cancelled payout from which the money came",
        "expires_at": "the end of the hold, where it has one",
    },
    effect={"held": "The money is not paid out until the hold ends. It stays the worker's."},
    who_decides=WhoDecides.EITHER,
)

HOLD_END = rules.register(
    "payout.hold_end",
    1,
    "A hold ends at its time, or before it by a person other than the one who made it.",
    inputs={
        "amount": "the amount that was kept, in USDC; none for everything",
        "expires_at": "the end that the hold was made with, where it has one",
    },
    effect={
        "expired": "The time of the hold is over: its money is paid out by the worker's schedule.",
        "ended": "The hold has ended before its time: its money is paid out by the worker's schedule.",
    },
    who_decides=WhoDecides.EITHER,
)

PAYOUT_FAILED = register_notice_kind(
    NoticeKind(
        "payout_failed",
        "A payout has failed",
        "A payout, an advance or a withdrawal has failed",
        NoticeWay.PAGE,
        {Role.FINANCE: NoticeWay.EMAIL, Role.OPERATIONS: NoticeWay.DIGEST},
    )
)
