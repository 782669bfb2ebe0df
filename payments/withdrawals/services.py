"""Withdrawals: a platform takes available money out to its own address.

The money waits for a day, with notices to those who may stop it, and then leaves by the same way as payouts.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import F

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount, usdc
from gigstream.core.people.names import isolate_name
from gigstream.core.states import require_move
from gigstream.jobs.registry import nudge_job
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)
from payments.ledger.enums import AccountName
from payments.ledger.errors import InsufficientFunds
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.models import Account, Transaction
from payments.settlement.payouts.services import holds
from payments.settlement.payouts.services.payouts import require_not_taken, void_postings
from payments.settlement.payouts.vocabulary import WITHDRAWAL_HOLD
from payments.settlement.transactions import services as transactions
from payments.settlement.transactions.enums import (
    TRANSACTION_MOVES,
    UNDER_WAY,
    TransactionStatus,
    TransactionType,
)
from payments.settlement.transfers.services.transfers import unpark_transfer
from payments.signals import transactions_cancelled
from payments.withdrawals.errors import WithdrawalUnderWay
from platforms.services import lock_active_platform, require_withdrawal_address


@verb("withdrawal.request", "platform")
def request_withdrawal(
    *, platform_id: UUID, amount: Decimal | str, now: datetime | None = None
) -> Transaction:
    """Take `amount` of the platform's available money out to its address, after the waiting time.

    A second request is refused while a withdrawal is under way, so that a request that is sent again under
    another key takes nothing twice. Raises WithdrawalUnderWay, NoWithdrawalAddress, InsufficientFunds,
    MoneyHeld or PlatformSuspended.
    """
    account = lock_withdrawable(platform_id)
    now = now or database_now()
    platform = lock_active_platform(platform_id=platform_id)
    value, address = exact_amount(amount), require_withdrawal_address(platform_id=platform_id, now=now)
    open_ = Transaction.objects.filter(
        platform=platform, type=TransactionType.WITHDRAWAL, status__in=sorted(UNDER_WAY)
    ).first()
    if open_ is not None:
        raise WithdrawalUnderWay(
            f"withdrawal {open_.pk} of {usdc(open_.amount)} is {open_.status}", withdrawal=open_.pk
        )
    if value > account.balance:
        raise InsufficientFunds(
            f"available {usdc(account.balance)}, requested {usdc(value)}",
            available=account.balance,
            requested=value,
        )
    holds.require_unheld(account, value)
    return hold_withdrawal(
        account, value, address, not_before=now + timedelta(hours=settings.WITHDRAWAL_WAIT_HOURS), now=now
    )


def lock_withdrawable(platform_id: UUID) -> Account:
    """Lock all accounts that a withdrawal touches, and return the account with the available money."""
    available = accounts.of_platform(platform_id, AccountName.AVAILABLE)
    return ledger.lock([available, accounts.of_platform(platform_id, AccountName.IN_TRANSIT)])[available]


def key_of_withdrawal(platform_id: UUID, number: int) -> str:
    """Return the idempotency key of a platform's n-th withdrawal."""
    return f"withdrawal:{platform_id}:{number}"


def hold_withdrawal(
    account: Account, amount: Decimal, address: str, *, not_before: datetime, now: datetime
) -> Transaction:
    """Make a pending transfer to the platform's address; the money is in transit. The account is locked.

    The n-th withdrawal of an account is keyed by that number, so that it is never made twice, not even after
    a restore.
    """
    if account.platform_id is None:
        raise ValueError(f"account {account.pk} belongs to no platform")
    withdrawal = Transaction(
        type=TransactionType.WITHDRAWAL,
        amount=amount,
        platform_id=account.platform_id,
        to_wallet=address,
        idempotency_key=key_of_withdrawal(account.platform_id, account.payout_count + 1),
        not_before=not_before,
        next_attempt_at=not_before,
        created_at=now,
    )
    Account.unguarded.filter(pk=account.pk).update(payout_count=F("payout_count") + 1)
    posting = Posting(
        WITHDRAWAL_HOLD,
        account.pk,
        accounts.of_platform(account.platform_id, AccountName.IN_TRANSIT),
        amount,
        key=f"withdrawal_hold:{withdrawal.idempotency_key}",
        transaction_id=withdrawal.pk,
    )
    ledger.post([posting], now=now)
    transactions.insert([withdrawal], now)
    audit.record(
        "withdrawal.request", withdrawal, after={"amount": amount, "not_before": not_before}, now=now
    )
    enqueue_letter(WITHDRAWAL_NOTICE, withdrawal.pk, now=now)
    return withdrawal


@verb("withdrawal.stop", "transaction")
def stop_withdrawal(*, transaction_id: UUID, reason: str = "", now: datetime | None = None) -> Transaction:
    """Stop a withdrawal that the provider has not taken: the money is available again, once.

    Raises IllegalMove when it has ended or left, PayoutUnderWay when the provider may have taken it.
    """
    withdrawal = _lock_withdrawal(transaction_id)
    now = now or database_now()
    require_move(
        TRANSACTION_MOVES,
        subject=f"withdrawal {withdrawal.pk}",
        before=withdrawal.status,
        after=TransactionStatus.CANCELLED,
    )
    require_not_taken(withdrawal)
    withdrawal.status = TransactionStatus.CANCELLED
    withdrawal.ended_at, withdrawal.next_attempt_at = now, None
    withdrawal.error_message = reason or withdrawal.error_message
    unpark_transfer(withdrawal)
    withdrawal.save()
    after, metadata = {"status": withdrawal.status}, {"reason": reason}
    audit.record("withdrawal.stop", withdrawal, after=after, metadata=metadata, now=now)
    transactions_cancelled.send(sender=Transaction, transactions=[withdrawal], now=now)
    ledger.post(void_postings([withdrawal]), now=now)
    return withdrawal


@verb("withdrawal.release", "transaction")
def release_withdrawal(*, transaction_id: UUID, reason: str = "", now: datetime | None = None) -> Transaction:
    """Let a withdrawal go at once instead of at the end of its waiting time. Raises IllegalMove unless it
    still waits."""
    withdrawal = _lock_withdrawal(transaction_id)
    now = now or database_now()
    require_move(
        TRANSACTION_MOVES,
        subject=f"withdrawal {withdrawal.pk}",
        before=withdrawal.status,
        after=TransactionStatus.SUBMITTED,
    )
    before = withdrawal.not_before
    withdrawal.not_before = min(before or now, now)
    if withdrawal.parked_at is None:
        withdrawal.next_attempt_at = withdrawal.not_before
    withdrawal.save()
    audit.record(
        "withdrawal.release",
        withdrawal,
        before={"not_before": before},
        after={"not_before": withdrawal.not_before},
        metadata={"reason": reason},
        now=now,
    )
    nudge_job("submit_payouts")
    return withdrawal


def _lock_withdrawal(transaction_id: UUID) -> Transaction:
    return Transaction.objects.locked().get(pk=transaction_id, type=TransactionType.WITHDRAWAL)


# --- The notice ---------------------------------------------------------------------------------------------
def send_withdrawal_notices(*, now: datetime | None = None) -> int:
    """Send the letters about withdrawals that wait; return how many were sent."""
    return send_due_letters(WITHDRAWAL_NOTICE, now=now)


def _write_notice(letter: Letter, now: datetime) -> Message | None:
    found = Transaction.objects.select_related("platform").filter(pk=letter.subject_id).first()
    if found is None or found.platform is None or found.platform.deleted_at is not None:
        return None
    return Message(
        found.platform.contact_email, "A withdrawal from your GigStream account", _notice_text(found)
    )


WITHDRAWAL_NOTICE = register_letter_kind(
    LetterKind("withdrawal_notice", "send_withdrawal_notices", _write_notice)
)


def _notice_text(withdrawal: Transaction) -> str:
    name = isolate_name(withdrawal.platform.name) if withdrawal.platform else ""
    at = f"{withdrawal.not_before:%Y-%m-%d %H:%M} UTC" if withdrawal.not_before else "at once"
    return (
        f"A withdrawal of {usdc(withdrawal.amount)} from {name} to {withdrawal.to_wallet} was requested with"
        f" one of your API keys.\n\nIt leaves at {at}.\n\n"
        f"If it is not yours, stop it before: POST /api/v1/withdrawals/{withdrawal.pk}/stop with any key that"
        " has the scope money:write, or write to us. Then revoke the key that requested it.\n"
    )
