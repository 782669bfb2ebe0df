from payments.ledger import entry_kinds
from payments.settlement.payouts.vocabulary import PAYOUT_HOLD, PAYOUT_SETTLED, PAYOUT_VOID
from payments.settlement.transactions.enums import TransactionType

ADVANCE = entry_kinds.register("advance", "Advance", ("worker loan", "worker available"), position=40)
LOAN_FEE = entry_kinds.register("loan_fee", "Fee of an advance", ("worker loan", "house fees"), position=50)

entry_kinds.reword_for_transfer(PAYOUT_HOLD, TransactionType.ADVANCE, "Advance sent")
entry_kinds.reword_for_transfer(PAYOUT_SETTLED, TransactionType.ADVANCE, "Advance arrived")
entry_kinds.reword_for_transfer(PAYOUT_VOID, TransactionType.ADVANCE, "Advance returned")
