"""Pure rules of proofs: what a transaction must show for a quest, and codes of referrals."""

import re
from collections.abc import Collection, Iterator
from uuid import UUID

from payments.settlement.provider.chain import Log, MinedTransaction
from reputation.proofs.errors import InvalidTransaction, NotShown, UnknownReferralCode
from reputation.quests.calculations import LARGEST_UNITS, OnChainTerms

_HASH = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
# Letters and digits that are not taken for each other (Crockford's base 32).
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 26


def normal_tx_hash(text: str) -> str:
    """Return the hash in lower case. Raises InvalidTransaction."""
    lower = text.lower()
    if not _HASH.fullmatch(lower):
        raise InvalidTransaction("the hash of a transaction is 0x and 64 hexadecimal digits")
    return lower


def require_proof(terms: OnChainTerms, found: MinedTransaction, addresses: Collection[str]) -> int:
    """Return the amount, in the smallest units, by which the transaction shows what the quest asks for, from
    one of the worker's addresses. Raises NotShown with what there is instead."""
    if not found.succeeded:
        raise NotShown("the transaction has failed on the chain", block_number=found.block_number)
    if found.sender not in addresses:
        raise NotShown(
            "the transaction was sent by an account that is none of yours: add it to your identities",
            sender=found.sender,
        )
    amounts = list(_amounts(terms, found))
    if not amounts:
        raise NotShown(
            f"the transaction has no {terms.event} of the contract {terms.contract}"
            + (f" from you to {terms.to or 'anybody'}" if terms.is_transfer else ""),
            contract=terms.contract,
            event=terms.event,
        )
    if max(amounts) < terms.min_amount:
        raise NotShown(
            f"the amount is {max(amounts)} in the smallest units, the quest needs {terms.min_amount}",
            amount=str(max(amounts)),
            min_amount=str(terms.min_amount),
        )
    return max(amounts)


def _amounts(terms: OnChainTerms, found: MinedTransaction) -> Iterator[int]:
    """Yield the amounts of the logs that fit the terms, but for their minimum: the first value of their
    data."""
    for log in found.logs:
        if _fits(terms, log, found.sender):
            amount = int(log.data[2:66] or "0", 16)
            if amount <= LARGEST_UNITS:
                yield amount


def _fits(terms: OnChainTerms, log: Log, sender: str) -> bool:
    if log.contract != terms.contract or not log.topics or log.topics[0] != _topic_of(terms.event):
        return False
    if not terms.is_transfer:
        return True
    is_from_sender = len(log.topics) == 3 and log.topics[1][-40:] == sender[2:]
    return is_from_sender and (not terms.to or log.topics[2][-40:] == terms.to[2:])


def _topic_of(event: str) -> str:
    # Imported with the first transaction: few processes look at any.
    from Crypto.Hash import keccak

    return "0x" + keccak.new(digest_bits=256, data=event.encode()).hexdigest()


def referral_code(worker_id: UUID) -> str:
    """Return the code with which others name the worker who referred them."""
    number, code = worker_id.int, ""
    for _ in range(CODE_LENGTH):
        number, digit = divmod(number, 32)
        code = DIGITS[digit] + code
    return code


def read_referral_code(code: str) -> UUID:
    """Return the worker whose code this would be. Raises UnknownReferralCode."""
    text = code.strip().upper()
    if len(text) != CODE_LENGTH or not set(text) <= set(DIGITS):
        raise UnknownReferralCode(f"a referral code has {CODE_LENGTH} letters and digits")
    number = 0
    for digit in text:
        number = number * 32 + DIGITS.index(digit)
    if number >= 1 << 128:
        raise UnknownReferralCode("no worker has this referral code")
    return UUID(int=number)
