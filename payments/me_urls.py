from django.urls import path

from payments.ledger.api import me as ledger
from payments.settlement.payouts.api import me as payouts
from payments.settlement.transactions.api import me as transactions
from payments.statements import api as statements
from payments.streams.api import me as streams

urlpatterns = [
    path("me/balance", ledger.Balance.as_view(), name="me-balance"),
    path("me/schedule", payouts.Schedule.as_view(), name="me-schedule"),
    path("me/streams", streams.MyStreams.as_view(), name="me-streams"),
    path("me/streams/<id:stream_id>", streams.MyStream.as_view(), name="me-stream"),
    path("me/streams/<id:stream_id>/claim", streams.Claim.as_view(), name="me-stream-claim"),
    path("me/payouts", payouts.MyPayouts.as_view(), name="me-payouts"),
    path("me/payouts/<id:payout_id>", payouts.MyPayout.as_view(), name="me-payout"),
    path("me/transactions", transactions.MyTransactions.as_view(), name="me-transactions"),
    path("me/statements/<str:month>", statements.MyStatement.as_view(), name="me-statement"),
]
